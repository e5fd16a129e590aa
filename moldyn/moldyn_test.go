package moldyn_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/metric"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
	"github.com/idff-go/workbench/moldyn"
)

// short is a trial on the first 60 frames of ACE-Ala5-NME.
func short(t testing.TB) moldyn.Trial {
	t.Helper()
	md, err := datasets.AceAla5().Window(0, 60)
	if err != nil {
		t.Fatal(err)
	}
	if md, err = md.HoldOut(1); err != nil {
		t.Fatal(err)
	}
	return moldyn.Trial{Held: md.Test(), Train: md.Train(), History: 2, Every: 5, Ahead: 3, Members: 20, FreeFrames: 40, Seeds: idffnb.Seeds(0, 1)}
}

// oracle knows the held-out replica: it finds the start in it and says what came then, turned by some degrees in its members.
func oracle(held *datasets.Angles, off float64) moldyn.Entry {
	return moldyn.Entry{Name: "oracle", RollOut: func(_ uint64, ask idffnb.RollOut) (*idffnb.Trajectories, error) {
		size := 2 * held.Count
		n := len(ask.Starts) / size
		out := &idffnb.Trajectories{X: nil, Members: ask.Members, Starts: n, Frames: ask.Frames, Dim: held.Count}
		for m := range ask.Members {
			for i := range n {
				k := 2
				for ; !slices.Equal(held.Degrees[(k-2)*held.Count:k*held.Count], ask.Starts[i*size:(i+1)*size]); k++ {
				}
				for _, v := range held.Degrees[k*held.Count : (k+ask.Frames)*held.Count] {
					out.X = append(out.X, float32(math.Remainder(float64(v)+off*float64(1-2*(m%2)), 360)))
				}
			}
		}
		return out, nil
	}}
}

// TestForecasts: who knows the truth scores 0; one whose members are 10 degrees to both sides has CRPS 10 - 1/2 20 (10/19) = 4.74 and a mean that is right; persistence is what CircularMAE says it is.
func TestForecasts(t *testing.T) {
	trial := short(t)
	for off, want := range map[float64]float64{0: 0, 10: 10 - 100./19} {
		for _, s := range trial.MustForecasts(oracle(trial.Held, off)) {
			for k := range 3 {
				if math.Abs(s.CRPS[k]-want) > 1e-3 || math.Abs(s.MAE[k]) > 1e-3 {
					t.Errorf("%g degrees to both sides: CRPS %g, MAE %g at %d, want %g and 0", off, s.CRPS[k], s.MAE[k], k, want)
				}
			}
		}
	}
	persistence := trial.MustForecasts(moldyn.MustBaselines(trial.Train, 2)[0])
	if len(persistence) != 2 {
		t.Fatalf("%d seeds", len(persistence))
	}
	sum, n := 0., 0
	for k := 2; k+3 <= 60; k += 5 {
		for i, v := range trial.Held.Frame(0, k+2) {
			sum, n = sum+math.Abs(metric.WrappedDifference(float64(v), float64(trial.Held.Frame(0, k-1)[i]))), n+1
		}
	}
	if got := persistence[0]; math.Abs(got.MAE[2]-sum/float64(n)) > 1e-3 || math.Abs(got.CRPS[2]-got.MAE[2]) > 1e-3 || got.Ratio[2] != 0 {
		t.Errorf("persistence three frames ahead: %+v, want %g", got, sum/float64(n))
	}
}

// TestTables: a row for each entry, with the columns that the header has; free runs of who knows the truth are the truth.
func TestTables(t *testing.T) {
	trial := short(t)
	entries := append(moldyn.MustBaselines(trial.Train, 2), oracle(trial.Held, 0))
	text := trial.MustForecastTable([]int{1, 3}, entries...)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 2+4 || !strings.Contains(lines[0], "CRPS, 1 ps | CRPS, 3 ps") || !strings.HasPrefix(lines[2], "| persistence | 0 | ") {
		t.Errorf("table of forecasts:\n%s", text)
	}
	for interval, want := range map[float64]string{2.0000000656990813: "CRPS, 2 ps | CRPS, 6 ps", .05: "CRPS, 0.05 ps | CRPS, 0.15 ps", 0: "CRPS, 1 frame | CRPS, 3 frames"} {
		held, train := *trial.Held, *trial.Train
		held.Interval, train.Interval = interval, interval
		other := trial
		other.Held, other.Train = &held, &train
		if text := other.MustForecastTable([]int{1, 3}, entries[0]); !strings.Contains(text, want) {
			t.Errorf("frames every %g ps:\n%s", interval, text)
		}
	}
	free := trial.MustFreeTable(entries...)
	rows := strings.Split(strings.TrimSpace(free), "\n")
	if len(rows) != 2+2+4 || !strings.HasPrefix(rows[2], "| held-out replicas | 0 | 0 |") {
		t.Errorf("table of free runs:\n%s", free)
	}
	if got, want := strings.SplitN(rows[7], "|", 3)[2], strings.SplitN(rows[2], "|", 3)[2]; got != want {
		t.Errorf("the truth scores %s, the held-out replicas %s", got, want)
	}
	for _, table := range [][]string{lines, rows} {
		for _, line := range table {
			if strings.Count(line, "|") != strings.Count(table[0], "|") {
				t.Errorf("a row with other columns: %s", line)
			}
		}
	}
	again := trial.MustFreeTable(entries...)
	if again != free {
		t.Error("the same seeds gave another table")
	}
}

// TestReleasedRow: the trajectory itself, turned by a whole turn, is right on the circle and 360 degrees off in the released columns; what does not vary has no correlation.
func TestReleasedRow(t *testing.T) {
	one := datasets.AceAla5().Replica(0)
	turned, still := slices.Clone(one.Degrees), make([]float32, len(one.Degrees))
	for i := range turned {
		turned[i] += 360
	}
	if row := moldyn.MustReleasedRow("turned", one, turned, turned); !strings.HasPrefix(row, "| turned | 1.000 | 360.00 | 360.00 |") || !strings.HasSuffix(row, "| 0.00 | 0.00 |\n") {
		t.Errorf("%s", row)
	}
	row := moldyn.MustReleasedRow("still", one, still)
	if !strings.HasPrefix(row, "| still | – |") || strings.Count(row, "|") != strings.Count(strings.SplitN(moldyn.ReleasedHead, "\n", 2)[0], "|") {
		t.Errorf("%s", row)
	}
	if _, err := moldyn.ReleasedRow("short", one, still[:7]); err == nil || !strings.Contains(err.Error(), "moldyn: short") {
		t.Errorf("seven angles: %v", err)
	}
}

// TestFlow: an experiment for each seed, trained once.
func TestFlow(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	t.Setenv("GOMLX_BACKEND", "go")
	trial := short(t)
	data, opened := trial.Train.MustSteps(datasets.Change, 2), map[uint64]int{}
	e := moldyn.Flow("flow", func(seed uint64) idffnb.Experiment {
		opened[seed]++
		return idffnb.Experiment{Name: "flow", Data: data, Net: net.ChainMLP{MLP: net.MLP{Width: 8}, Sites: 5}, Objective: flow.Velocity(), Batch: 8, Steps: 3, Seed: seed}
	}, flow.CFM(), solver.AdamsBashforth(2, 2))
	first, again := trial.MustForecasts(e), trial.MustForecasts(e)
	if len(first) != 2 || first[0].Cost != 2 || first[0].CRPS[0] == first[1].CRPS[0] || !slices.Equal(first[1].CRPS, again[1].CRPS) || opened[0] != 2 || opened[1] != 2 {
		t.Errorf("%+v, then %+v; opened %v", first, again, opened)
	}
	bad := moldyn.Flow("bad", func(uint64) idffnb.Experiment { return idffnb.Experiment{Name: "bad"} }, flow.CFM(), solver.Euler(1))
	if _, err := trial.Forecasts(bad); err == nil || !strings.Contains(err.Error(), "moldyn: bad") {
		t.Errorf("an experiment without data: %v", err)
	}
}

// TestPictures: everything draws.
func TestPictures(t *testing.T) {
	trial := short(t)
	entries := moldyn.MustBaselines(trial.Train, 2)
	f := trial.MustHorizon(entries[2:], entries[:2])
	if len(f.Panels) != 3 || len(f.Panels[0].Curves) != 1 || len(f.Panels[0].References) != 2 || len(f.Panels[2].References) != 0 {
		t.Errorf("horizon: %+v", f)
	}
	real, ar := trial.MustSimulated(trial.Held), trial.MustFree(entries[2], 1)
	if len(real.Angles) != 40*10 || len(ar.Angles) != 2*40*10 {
		t.Errorf("%d and %d angles", len(real.Angles), len(ar.Angles))
	}
	names := []string{"held out", "linear AR"}
	series := moldyn.Series(trial.Held.Degrees, ar.Angles[:400], 5, 2, 1)
	if len(series.Rows[1].Truth) != 60 || series.Rows[1].Forecast[3] != float64(ar.Angles[3*10+5]) {
		t.Error("series of another angle")
	}
	for what, draw := range map[string]func() error{
		"horizon": func() error { _, err := f.Draw(); return err },
		"maps":    func() error { _, err := moldyn.Maps(names, real, ar).Draw(); return err },
		"strips":  func() error { _, err := moldyn.MustStrips(names, 2, real, ar).Draw(); return err },
		"helix":   func() error { _, err := moldyn.MustHelix(names, real, ar).Draw(); return err },
	} {
		if err := draw(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestBasins: the boxes are those of metric.BasinOf, at every whole degree and a half.
func TestBasins(t *testing.T) {
	names := map[metric.Basin]string{metric.AlphaR: "αR", metric.Beta: "β", metric.PPII: "PPII", metric.AlphaL: "αL"}
	in := func(v, from, to float64) bool { return v >= from && v < to || v+360 >= from && v+360 < to }
	for phi := -179.5; phi < 180; phi += 3 {
		for psi := -179.5; psi < 180; psi += 3 {
			found := ""
			for _, b := range moldyn.Basins() {
				for _, box := range b.Boxes {
					if in(phi, box.XMin, box.XMax) && in(psi, box.YMin, box.YMax) {
						found = b.Name
					}
				}
			}
			if want := names[metric.BasinOf(phi, psi)]; found != want {
				t.Fatalf("(%g, %g) is drawn in %q, and metric says %q", phi, psi, found, want)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	good := short(t)
	with := func(change func(*moldyn.Trial)) error {
		trial := good
		change(&trial)
		_, err := trial.FreeTable()
		return err
	}
	broken := moldyn.Entry{Name: "broken", RollOut: func(uint64, idffnb.RollOut) (*idffnb.Trajectories, error) { return nil, errors.New("no power") }}
	_, forecast := good.Forecasts(broken)
	_, free := good.Free(broken, 0)
	// Made for one frame, where the trial's starts have two: persistence would take each of them for a start of its own.
	other, err := moldyn.Baselines(good.Train, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, frames := good.Forecasts(other[0])
	_, run := good.Free(other[2], 0)
	_, nothing := good.Free(moldyn.Entry{Name: "x"}, 0)
	_, horizon := good.ForecastTable([]int{4})
	_, history := moldyn.Baselines(good.Train, 0)
	for want, err := range map[string]error{
		"needs replicas that are held out":   with(func(t *moldyn.Trial) { t.Held = nil }),
		"not of one peptide":                 with(func(t *moldyn.Trial) { t.Train = datasets.Polyala() }),
		"-train every 2 ps: steps and rates": with(func(t *moldyn.Trial) { train := *t.Train; train.Interval = 2; t.Train = &train }),
		"at least 1, 1, 1, 2, 2 and 1":       with(func(t *moldyn.Trial) { t.Members = 1 }),
		"have 60 in all":                     with(func(t *moldyn.Trial) { t.FreeFrames = 59 }),
		"broken: no power":                   forecast,
		"moldyn: broken":                     free,
		"horizon 4: forecasts are 1 to 3":    horizon,
		"moldyn: persistence: drew":          frames,
		"asked for 2 members, 1 starts, 40 frames of 10 angles: is it made for a history of 2 frames, the trial's?": run,
		"x: the entry has no RollOut": nothing,
		"history of 0":                history,
	} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want one line with %q", err, want)
		}
	}
}

// What persistence and a linear regression score three frames ahead on a held-out replica.
func ExampleTrial() {
	md := datasets.AceAla5()
	trial := moldyn.Trial{Held: md.Test(), Train: md.Train(), History: 4, Every: 100, Ahead: 3, Seeds: idffnb.Seeds(0, 0)}
	for _, e := range moldyn.MustBaselines(md.Train(), 4) {
		fmt.Printf("%s: CRPS %.0f degrees\n", e.Name, trial.MustForecasts(e)[0].CRPS[2])
	}
	// Output:
	// persistence: CRPS 23 degrees
	// climatology: CRPS 28 degrees
	// linear AR: CRPS 16 degrees
}

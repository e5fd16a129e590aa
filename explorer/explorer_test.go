package explorer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestMain takes the pure Go backend, which compiles such small graphs at once, wherever the tests run.
func TestMain(m *testing.M) {
	if err := os.Setenv("GOMLX_BACKEND", "go"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// tiny is a run of a small network, trained for some steps.
func tiny(t testing.TB, data idffnb.Data, steps int) *idffnb.Run {
	t.Helper()
	t.Setenv("IDFF_RUNS", t.TempDir())
	run, err := idffnb.Open(idffnb.Experiment{Name: "tiny", Data: data, Net: net.MLP{Width: 8, Layers: 1}, Batch: 16, Steps: max(steps, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if steps > 0 {
		if err := run.Train(); err != nil {
			t.Fatal(err)
		}
	}
	return run
}

// noise is data of any size.
type noise struct{ Size int }

func (d noise) Name() string { return "noise" }
func (d noise) Dim() int     { return d.Size }
func (d noise) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	for range n * d.Size {
		x1 = append(x1, float32(rng.NormFloat64()))
	}
	return nil, x1, nil
}

// small are options that are quick to draw.
func small() Options {
	return Options{N: 20, Steps: 1, MaxSteps: 2, Truth: datasets.Checkerboard().Points(1, 50), Gamma1: []float64{0, 0.5}, Gamma2: []float64{0, 0.2}}
}

func TestBadInput(t *testing.T) {
	untrained, solid := tiny(t, noise{2}, 0), tiny(t, noise{3}, 1)
	run := tiny(t, noise{2}, 2) // the last one: its folder is open now
	nan := math.NaN()
	for _, tc := range []struct {
		run  *idffnb.Run
		o    Options
		want string
	}{
		{nil, Options{}, "the run is nil"},
		{untrained, Options{}, "tiny is not trained yet: call Train first"},
		{solid, Options{}, "points of size 3: only points of a plane"},
		{run, Options{N: 1}, "samples of 1 points: want at least 2"},
		{run, Options{N: -5}, "samples of -5 points"},
		{run, Options{Truth: [][2]float64{}}, "Truth has 0 points"},
		{run, Options{Truth: [][2]float64{{0, 0}, {nan, 0}}}, "not finite"},
		{run, Options{Solver: "eulr"}, "valid names: euler, midpoint"},
		{run, Options{Steps: -1}, "-1 steps: want Steps from 1"},
		{run, Options{Steps: 5, MaxSteps: 4}, "5 steps: want Steps from 1 to MaxSteps, which is 4"},
		{run, Options{Solver: "adams4", Steps: 3}, "adams4 with 3 steps: it looks back on 4 evaluations"},
		{run, Options{MaxSteps: 33}, "MaxSteps from 1 to 32"},
		{run, Options{Steps: 40}, "MaxSteps from 1 to 32"},
		{run, Options{Gamma1: []float64{1}}, "Gamma1 has 1 values: want 2 to 6"},
		{run, Options{Gamma2: make([]float64, 7)}, "Gamma2 has 7 values"},
		{run, Options{Gamma2: []float64{1, 1}}, "Gamma2 is [1 1]: want finite, increasing"},
		{run, Options{Gamma1: []float64{0, nan}}, "want finite, increasing"},
		{run, Options{Bandwidth: -1}, "bandwidth -1"},
		{run, Options{Bandwidth: nan}, "bandwidth NaN"},
		{run, Options{Gamma1: []float64{0, 1e6}, Steps: 1}, "makes 1 - sum gamma sigma_t^2"}, // only sampling finds out
	} {
		fig, err := Grid(tc.run, tc.o)
		if err == nil || fig != nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: figure %v, error %v, want one line with %q", tc.o, fig, err, tc.want)
		}
		if gammaErr := Gamma(tc.run, tc.o); gammaErr == nil || gammaErr.Error() != err.Error() {
			t.Errorf("Gamma says %v, Grid %v", gammaErr, err)
		}
	}
}

func TestMustGammaSaysOneLine(t *testing.T) {
	before := must
	defer func() { must = before }()
	var got error
	must = func(err error) { got = err }
	MustGamma(nil, Options{})
	if got == nil || !strings.Contains(got.Error(), "the run is nil") {
		t.Errorf("MustGamma(nil) failed with %v", got)
	}
}

func TestGrid(t *testing.T) {
	run := tiny(t, datasets.Checkerboard(), 2)
	for _, written := range []bool{false, true} {
		o := small()
		o.Written = written
		fig, err := Grid(run, o)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Grid(run, o)
		if err != nil {
			t.Fatal(err)
		}
		if w, h := fig.Size(); !(w > h && h > 4) { // three columns, two rows
			t.Errorf("the grid has %g x %g inches", w, h)
		}
		if data, err := again.PNG(); err != nil || len(data) < 5000 {
			t.Errorf("PNG of %d bytes, %v", len(data), err)
		}
	}
	if err := Gamma(run, small()); err != nil { // a test is no notebook: the grid
		t.Error(err)
	}
	if found, _ := filepath.Glob(filepath.Join(run.Dir, "samples", "*")); len(found) > 0 {
		t.Errorf("samples were kept: %v", found)
	}
}

// The true cost: midpoint with one step evaluates t = 0, where there is no momentum, and t = 1/2.
func TestPaintSaysTheTrueCost(t *testing.T) {
	s := newSampler(tiny(t, datasets.Checkerboard(), 2), small().withDefaults(nil))
	for _, tc := range []struct {
		at   setting
		want []string
	}{
		{setting{0.5, 0, 1}, []string{"IDFF γ=0.5", "midpoint x1: 2 forwards + 1 backwards", "= 3 forward-equivalents"}},
		{setting{0.5, 0.2, 1}, []string{"IDFF γ=(0.5, 0.2)", "midpoint x1: 2 forwards + 2 backwards", "= 5 forward-equivalents"}},
		{setting{0.5, 0.2, 2}, []string{"IDFF γ=(0.5, 0.2)", "midpoint x2: 4 forwards + 6 backwards", "= 13 forward-equivalents"}},
	} {
		idff, cfm, err := s.pair(tc.at)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range title(idff) {
			if !strings.HasPrefix(line, tc.want[i]) {
				t.Errorf("%v: line %d is %q, want %q", tc.at, i, line, tc.want[i])
			}
		}
		if cfm.Field != "CFM" || cfm.Cost.Steps != tc.at.steps || cfm.Cost.Backwards != 0 {
			t.Errorf("%v stands beside %s, %v", tc.at, cfm.Field, cfm.Cost)
		}
		p := s.paint(tc.at)
		if p.err != nil {
			t.Fatal(p.err)
		}
		img, err := png.Decode(bytes.NewReader(p.png))
		if err != nil || img.Bounds().Dx() != p.width || img.Bounds().Dy() != p.height || p.width < 600 || p.width > 1000 {
			t.Errorf("%v: picture of %d x %d dots: %v", tc.at, p.width, p.height, err)
		}
	}
}

func TestCompileAhead(t *testing.T) {
	o := small().withDefaults(nil)
	o.MaxSteps = 4
	o.Steps = 3
	s := newSampler(tiny(t, datasets.Checkerboard(), 2), o)
	want := []graphKey{{1, 3}, {0, 3}, {2, 3}, {1, 2}, {0, 2}, {2, 2}, {1, 4}, {0, 4}, {2, 4}, {1, 1}, {0, 1}, {2, 1}}
	if got := s.graphs(); !slices.Equal(got, want) {
		t.Errorf("graphs %v, want %v", got, want)
	}
	left := make(chan int, len(want))
	s.compileAhead(t.Context(), left)
	for _, key := range want {
		if slot := s.slots[key]; slot == nil || !slot.ready {
			t.Errorf("graph %v is not ready", key)
		}
	}
	for i := range want {
		if got := <-left; got != len(want)-1-i {
			t.Errorf("after graph %d, %d are left", i, got)
		}
	}
}

// stage is a front end without a page: a test speaks, and sees what is shown.
type stage struct {
	deaf   bool
	queue  chan event
	shown  chan []byte
	notes  chan string
	opened bool
	closed bool
}

func newStage() *stage {
	return &stage{queue: make(chan event), shown: make(chan []byte, 100), notes: make(chan string, 100)}
}

func (s *stage) connect(context.Context) bool { return !s.deaf }
func (s *stage) controls(setting)             { s.opened = true }
func (s *stage) events() <-chan event         { return s.queue }
func (s *stage) show(png []byte, _, _ int)    { s.shown <- png }
func (s *stage) note(text string)             { s.notes <- text }
func (s *stage) close()                       { s.closed = true }
func (s *stage) say(number int, steps int) {
	s.queue <- event{number: number, setting: setting{steps: steps}}
}
func (s *stage) await(t *testing.T) (png []byte) { return await(t, s.shown) }

func await[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(time.Minute):
		t.Fatal("nothing within a minute")
	}
	return v
}

// rehearse runs a loop whose pictures are painted when the test says so: paint sends what it is asked for and waits.
func rehearse(ctx context.Context, s *stage) (asked chan setting, paint chan error, end chan picture, ahead chan int) {
	asked, paint, end, ahead = make(chan setting), make(chan error), make(chan picture, 1), make(chan int)
	l := &loop{front: s, ahead: ahead, last: picture{setting: setting{steps: 1}}, paint: func(at setting) picture {
		asked <- at
		err := <-paint
		return picture{setting: at, png: []byte{byte(at.steps)}, err: err}
	}}
	go func() { end <- l.run(ctx) }()
	return asked, paint, end, ahead
}

func TestLoopPaintsTheNewest(t *testing.T) {
	s := newStage()
	asked, paint, end, ahead := rehearse(t.Context(), s)
	s.say(1, 2)
	if got := await(t, asked); got.steps != 2 {
		t.Fatalf("paints %v", got)
	}
	for n := 2; n <= 20; n++ { // while that picture is painted
		s.say(n, n+1)
	}
	s.say(7, 99) // overtaken on its way
	paint <- nil
	if got := s.await(t); got[0] != 2 {
		t.Errorf("shows %v", got)
	}
	if got := await(t, asked); got.steps != 21 {
		t.Errorf("of twenty events paints %v, want the newest, 21", got)
	}
	s.say(21, 5)  // there
	s.say(22, 21) // and back to what is being painted: nothing more to do
	paint <- nil
	if got := s.await(t); got[0] != 21 {
		t.Errorf("shows %v", got)
	}
	ahead <- 3
	ahead <- 0
	for range 2 { // of the pictures
		await(t, s.notes)
	}
	if got := await(t, s.notes); strings.Contains(got, "to go") {
		t.Errorf("note %q though all is compiled", got)
	}
	s.queue <- event{done: true}
	if got := await(t, end); got.setting.steps != 21 {
		t.Errorf("ends with %v", got.setting)
	}
	select {
	case got := <-asked:
		t.Errorf("paints %v too", got)
	default:
	}
}

func TestLoopKeepsThePictureOnErrors(t *testing.T) {
	s := newStage()
	asked, paint, end, _ := rehearse(t.Context(), s)
	s.say(1, 2)
	await(t, asked)
	paint <- errors.New("NaN for point 3")
	if got := await(t, s.notes); !strings.Contains(got, "2 steps: NaN for point 3") {
		t.Errorf("note %q", got)
	}
	s.queue <- event{done: true}
	if got := await(t, end); got.setting.steps != 1 || len(s.shown) != 0 {
		t.Errorf("ends with %v, %d pictures shown; want the first one to stay", got.setting, len(s.shown))
	}
}

// An interrupt ends the loop at once, though a picture is being painted.
func TestLoopEndsOnInterrupt(t *testing.T) {
	s := newStage()
	ctx, interrupt := context.WithCancel(t.Context())
	asked, _, end, _ := rehearse(ctx, s)
	s.say(1, 2)
	await(t, asked)
	interrupt()
	if got := await(t, end); got.setting.steps != 1 {
		t.Errorf("ends with %v", got.setting)
	}
}

func TestLive(t *testing.T) {
	s := newSampler(tiny(t, datasets.Checkerboard(), 2), small().withDefaults(nil))
	front := newStage()
	type result struct {
		answered bool
		err      error
	}
	end := make(chan result, 1)
	go func() { answered, err := s.live(t.Context(), front); end <- result{answered, err} }()
	first := front.await(t)
	front.queue <- event{number: 1, setting: setting{0.25, 0.2, 2}}
	second := front.await(t)
	front.queue <- event{done: true}
	if got := await(t, end); !got.answered || got.err != nil {
		t.Errorf("live = %+v", got)
	}
	last := front.await(t)
	if bytes.Equal(first, second) || !front.opened || !front.closed {
		t.Errorf("pictures equal %v, opened %v, closed %v", bytes.Equal(first, second), front.opened, front.closed)
	}
	if a, b := size(t, second), size(t, last); a != b || len(last) > 200_000 {
		t.Errorf("the last picture, for the file, has %v and %d bytes, the one before %v", b, len(last), a)
	}
	var final string
	for len(front.notes) > 0 {
		final = <-front.notes
	}
	if want := "Last setting: γ₁ = 0.25, γ₂ = 0.2, 2 steps."; !strings.HasPrefix(final, want) {
		t.Errorf("last note %q, want %q", final, want)
	}
}

func size(t *testing.T, data []byte) [2]int {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return [2]int{img.Bounds().Dx(), img.Bounds().Dy()}
}

func TestLiveWithoutAnswer(t *testing.T) {
	o := small().withDefaults(nil)
	s := newSampler(tiny(t, datasets.Checkerboard(), 2), o)
	front := newStage()
	front.deaf = true
	if answered, err := s.live(t.Context(), front); answered || err != nil || front.opened {
		t.Errorf("live = %v, %v, controls %v", answered, err, front.opened)
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	front = newStage()
	if _, err := s.live(interrupted, front); err != nil {
		t.Errorf("an interrupt counts as a failure: %v", err)
	}
	o.Gamma1 = []float64{1e6, 2e6} // refused when the first picture is sampled
	s = newSampler(s.run, o)
	if answered, err := s.live(t.Context(), newStage()); !answered || err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("live = %v, %v, want an error of one line", answered, err)
	}
}

func TestNoBrowser(t *testing.T) {
	for _, tc := range []struct {
		notebook bool
		env      map[string]string
		want     string
	}{
		{false, map[string]string{"JPY_SESSION_NAME": "a.ipynb"}, "not in a notebook"},
		{true, map[string]string{"JPY_SESSION_NAME": "a.ipynb", "NB_HEADLESS": "1"}, "headless"},
		{true, nil, "no Jupyter server"},
		{true, map[string]string{"JPY_SESSION_NAME": "a.ipynb"}, ""},
	} {
		got := noBrowser(tc.notebook, func(name string) string { return tc.env[name] })
		if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("notebook %v, %v: %q, want %q", tc.notebook, tc.env, got, tc.want)
		}
	}
}

func TestSlider(t *testing.T) {
	for _, tc := range []struct {
		gammas []float64
		want   slider
	}{
		{[]float64{0, 0.5, 1, 3}, slider{0, 3, 0.05, 2}},
		{[]float64{-0.2, 0, 0.2}, slider{-0.2, 0.2, 0.01, 2}},
		{[]float64{-8, 16}, slider{-8, 16, 0.5, 1}},
		{[]float64{-0.233, 0.1}, slider{-0.24, 0.1, 0.01, 2}}, // widened, so that 0 is a multiple of the step
		{[]float64{0, 600}, slider{0, 600, 10, 0}},
	} {
		got := sliderOf(tc.gammas)
		for i, pair := range [][2]float64{{got.low, tc.want.low}, {got.high, tc.want.high}, {got.step, tc.want.step}} {
			if math.Abs(pair[0]-pair[1]) > 1e-9*tc.want.high {
				t.Errorf("%v: value %d of %+v, want %+v", tc.gammas, i, got, tc.want)
			}
		}
		if got.digits != tc.want.digits {
			t.Errorf("%v: %d digits, want %d", tc.gammas, got.digits, tc.want.digits)
		}
	}
}

func TestParseEvent(t *testing.T) {
	o := Options{MaxSteps: 6}
	for text, want := range map[string]event{
		"done":        {done: true},
		"1 0.5 0 4":   {number: 1, setting: setting{0.5, 0, 4}},
		"12 3 -0.2 6": {number: 12, setting: setting{3, -0.2, 6}},
	} {
		if got, err := parseEvent(text, o); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1", "1 2 3", "1 2 3 7", "1 2 3 0", "0 0 0 1", "x 0 0 1", "1 NaN 0 1", "1 0 Inf 1", "1 0 0 1.5", "1 0 0 1 2", strings.Repeat("9", 1000)} {
		if got, err := parseEvent(text, o); err == nil || strings.Contains(err.Error(), "\n") || len(err.Error()) > 200 {
			t.Errorf("%.20q: %+v, error %v", text, got, err)
		}
	}
}

// TestLeastSteps: numbers of steps that a multistep method does not take are not offered.
func TestLeastSteps(t *testing.T) {
	for name, least := range map[string]int{"": 1, "midpoint": 1, "adams3": 3, "adams4": 4, "no solver": 1} {
		o := Options{Solver: name, Steps: 4, MaxSteps: 6}
		if got := o.leastSteps(); got != least {
			t.Errorf("%q: least steps %d, want %d", name, got, least)
		}
		for _, key := range newSampler(nil, o).graphs() {
			if key.steps < least {
				t.Errorf("%q: a graph of %d steps is compiled ahead", name, key.steps)
			}
		}
		for steps := range 7 {
			if _, err := parseEvent(fmt.Sprintf("1 0 0 %d", steps), o); (err == nil) != (steps >= least) {
				t.Errorf("%q: %d steps: %v", name, steps, err)
			}
		}
	}
}

// TestImportedRun: imported weights need no training.
func TestImportedRun(t *testing.T) {
	run := tiny(t, noise{2}, 2)
	file := filepath.Join(t.TempDir(), "tiny.safetensors")
	if err := run.Export(file); err != nil {
		t.Fatal(err)
	}
	imported, err := idffnb.Import(file, run.Experiment())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Grid(imported, small()); err != nil || imported.Step() != 0 {
		t.Errorf("step %d: %v", imported.Step(), err)
	}
}

// TestTruthOfReflow: pictures of a reflowed flow show the data that the first one was trained on, not the pairs.
func TestTruthOfReflow(t *testing.T) {
	run := tiny(t, noise{2}, 2)
	pairs, err := run.Reflow(8, solver.Euler(1), 0)
	if err != nil {
		t.Fatal(err)
	}
	want, got := Options{}.withDefaults(noise{2}).Truth, Options{}.withDefaults(pairs).Truth
	if len(got) != 2000 || !slices.Equal(got, want) {
		t.Errorf("%d points, the first %v, want %v", len(got), got[0], want[0])
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add("done")
	f.Add("1 0.5 -0.2 4")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseEvent(text, Options{MaxSteps: 6})
		if s := e.setting; err == nil && !e.done && (e.number < 1 || s.steps < 1 || s.steps > 6 || s.gamma1 != s.gamma1 || s.gamma2 != s.gamma2) {
			t.Errorf("%q gives %+v", text, e)
		}
	})
}

// A run that another program has trained on does not match its weights any more.
func TestTrainedMeanwhile(t *testing.T) {
	run := tiny(t, datasets.Checkerboard(), 2)
	found, err := filepath.Glob(filepath.Join(run.Dir, "ckpt-*"))
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	for _, path := range found {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Grid(run, small()); err == nil || !strings.Contains(err.Error(), "run the cell again") {
		t.Errorf("error %v", err)
	}
}

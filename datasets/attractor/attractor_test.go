package attractor

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/idff-go/workbench/datasets"
)

// slopes are the systems written once more, without graphs.
var slopes = map[string]func(x, d []float64){
	"lorenz": func(x, d []float64) {
		d[0], d[1], d[2] = 10*(x[1]-x[0]), x[0]*(28-x[2])-x[1], x[0]*x[1]-8./3*x[2]
	},
	"rossler": func(x, d []float64) {
		d[0], d[1], d[2] = -x[1]-x[2], x[0]+.2*x[1], .2+x[2]*(x[0]-5.7)
	},
	"spiral": func(x, d []float64) {
		a, b := x[0]*x[0]*x[0], x[1]*x[1]*x[1]
		d[0], d[1] = -.1*a-2*b, 2*a-.1*b
	},
}

// rk4 makes a classical Runge-Kutta step in place.
func rk4(f func(x, d []float64), x []float64, h float64) {
	n := len(x)
	k := make([]float64, 4*n)
	y := make([]float64, n)
	copy(y, x)
	for s, c := range []float64{.5, .5, 1, 0} {
		f(y, k[s*n:(s+1)*n])
		for i := range y {
			y[i] = x[i] + c*h*k[s*n+i]
		}
	}
	for i := range x {
		x[i] += h / 6 * (k[i] + 2*k[n+i] + 2*k[2*n+i] + k[3*n+i])
	}
}

// TestSeries compares two units of time with RK4 at steps of a ten-thousandth, whose error is below 1e-10 there.
func TestSeries(t *testing.T) {
	for _, name := range Names() {
		s, err := ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		series, err := s.Series(Ask{Trajectories: 3, Frames: 11, Step: .2, Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			x := slices.Clone(series.Trajectory(i)[:s.Dim])
			for k := range 11 {
				for c, v := range x {
					if got := series.Trajectory(i)[k*s.Dim+c]; math.Abs(got-v) > 1e-7 {
						t.Fatalf("%s: trajectory %d, frame %d, coordinate %d is %.10g, want %.10g", name, i, k, c, got, v)
					}
				}
				for range 2000 {
					rk4(slopes[name], x, 1e-4)
				}
			}
		}
	}
}

// TestFrames: frames across segments are those of one integration, given starts are the first frames, and a seed fixes all.
func TestFrames(t *testing.T) {
	s := Spiral() // not chaotic, so that the tolerance bounds the difference
	long := s.MustSeries(Ask{Trajectories: 2, Frames: 120, Seed: 3})
	again := s.MustSeries(Ask{Trajectories: 2, Frames: 120, Seed: 3})
	if !slices.Equal(long.Values, again.Values) || long.Step != .1 || !strings.Contains(long.Solver, "dopri8 rtol=1e-10 atol=1e-10") {
		t.Error("a seed gives other series")
	}
	from := append(slices.Clone(long.Trajectory(0)[2*70:2*71]), long.Trajectory(1)[2*70:2*71]...)
	rest := s.MustSeries(Ask{Frames: 50, Starts: from})
	for i := range 2 {
		for k := range 50 {
			for c := range 2 {
				if d := math.Abs(rest.Trajectory(i)[2*k+c] - long.Trajectory(i)[2*(70+k)+c]); d > 1e-8 {
					t.Fatalf("trajectory %d, frame %d: off by %g", i, k, d)
				}
			}
		}
	}
	r := math.Hypot(long.Values[0], long.Values[1])
	if r < 1.5 || r > 2.5 {
		t.Errorf("the spiral starts %g from the origin", r)
	}
	if p := long.Points(1); len(p) != 120 || p[3] != [3]float64{long.Trajectory(1)[6], long.Trajectory(1)[7], 0} {
		t.Error(p[3])
	}
	m := long.Maps()
	if m.Series != 2 || m.Frames != 120 || m.Height != 1 || m.Width != 2 || m.Frame(1, 3)[1] != float32(long.Trajectory(1)[7]) {
		t.Error(m)
	}
	train, _, err := m.HoldOut(1)
	if err != nil {
		t.Fatal(err)
	}
	if d := datasets.MustSteps("spiral", datasets.StepOptions{}, datasets.MustStandard(train, datasets.NoSeason).MustApply(train)); d.Dim() != 2 || d.Len() != 119 {
		t.Error(d.Dim(), d.Len())
	}
}

// TestLyapunov measures the largest exponent anew from two trajectories that are brought together again after each step (Benettin, Galgani, Giorgilli and
// Strelcyn, Meccanica 15, 1980). Over these times the estimate's own spread, over starts, is about a hundredth.
func TestLyapunov(t *testing.T) {
	for _, c := range []struct {
		s           System
		step, time  float64
		start       []float64
		uncertainty float64
	}{{Lorenz(), .005, 4000, []float64{1, 2, 20}, .02}, {Rossler(), .02, 20000, []float64{1, 2, .1}, .004}} {
		const near = 1e-8
		f := slopes[c.s.Name]
		x := slices.Clone(c.start)
		for range 20000 {
			rk4(f, x, c.step)
		}
		y := slices.Clone(x)
		y[0] += near
		sum := 0.
		steps := int(c.time / c.step)
		for range steps {
			rk4(f, x, c.step)
			rk4(f, y, c.step)
			d := 0.
			for i := range x {
				d += (y[i] - x[i]) * (y[i] - x[i])
			}
			d = math.Sqrt(d)
			sum += math.Log(d / near)
			for i := range x {
				y[i] = x[i] + (y[i]-x[i])*near/d
			}
		}
		got := sum / (float64(steps) * c.step)
		t.Logf("%s: %.4f", c.s.Name, got)
		if math.Abs(got-c.s.Lyapunov) > c.uncertainty {
			t.Errorf("%s: exponent %.4f, want %.4f", c.s.Name, got, c.s.Lyapunov)
		}
	}
	if got := Lorenz().LyapunovTime(); math.Abs(got-1.104) > .001 || !math.IsInf(Spiral().LyapunovTime(), 1) {
		t.Error(got)
	}
}

func TestBad(t *testing.T) {
	series := func(s System, a Ask) func() error { return func() error { _, err := s.Series(a); return err } }
	for _, c := range []struct {
		what string
		f    func() error
		want string
	}{
		{"name", func() error { _, err := ByName("lorentz"); return err }, `there is no system "lorentz"; the names are lorenz, rossler, spiral`},
		{"empty", series(System{}, Ask{}), "an empty System"},
		{"frames", series(Lorenz(), Ask{Frames: -1}), "attractor: lorenz: 10 trajectories of -1 frames"},
		{"step", series(Lorenz(), Ask{Step: -.1}), "frames every -0.1 units of time"},
		{"NaN", series(Lorenz(), Ask{Step: math.NaN()}), "frames every NaN units of time"},
		{"starts", series(Lorenz(), Ask{Trajectories: 2, Starts: []float64{1, 2, 3}}), "3 numbers of Starts for 2 trajectories in 3 dimensions"},
		{"flies off", series(Rossler(), Ask{Frames: 500, Starts: []float64{1e200, 1e3, 1e3}}), "cannot go on"},
	} {
		if err := c.f(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

func ExampleSystem_Series() {
	s, err := Lorenz().Series(Ask{Trajectories: 2, Frames: 3, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(s.Values), s.Step, s.Solver)
	fmt.Printf("%.2f units of time are one Lyapunov time\n", s.System.LyapunovTime())
	// Output:
	// 18 0.05 dopri8 rtol=1e-10 atol=1e-10
	// 1.10 units of time are one Lyapunov time
}

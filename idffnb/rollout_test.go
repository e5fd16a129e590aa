package idffnb

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// doubling is Dynamics of the plane whose frame k is 2 f + k + the mean of what the flow draws: the flow draws one number, conditioned on two.
type doubling struct {
	noise bool   // start points N(0, 1), else 0
	flaw  string // what it does wrong
}

func (d doubling) Name() string { return "doubling" }
func (doubling) ID() string     { return "doubling" }
func (doubling) Dim() int       { return 1 }
func (doubling) FrameDim() int  { return 2 }
func (doubling) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	return normal(rng, n), normal(rng, n), normal(rng, 2*n)
}
func (d doubling) Before(_ *rand.Rand, frames []float32, k int) (x0, cond []float32) {
	n := len(frames) / 2
	switch d.flaw {
	case "x0":
		return make([]float32, n+1), frames
	case "cond":
		return nil, frames[1:]
	case "NaN":
		return nil, append([]float32{float32(math.NaN())}, frames[1:]...)
	}
	if d.noise {
		return nil, frames
	}
	return make([]float32, n), frames
}
func (d doubling) After(frames, x []float32, k int) []float32 {
	next := make([]float32, len(frames))
	for i := range next {
		next[i] = 2*frames[i] + float32(k) + x[i/2]
	}
	switch d.flaw {
	case "after":
		return next[1:]
	case "infinite":
		next[2] = float32(math.Inf(1))
	}
	return next
}

// sumNet predicts x plus the sum of the condition, at every time.
type sumNet struct{}

func (sumNet) Predict(_ *model.Scope, x, _, cond *Node) *Node {
	return Add(x, ExpandAxes(ReduceSum(cond, 1), -1))
}

func doublingRun(t testing.TB, d doubling) *Run {
	t.Helper()
	t.Setenv("IDFF_RUNS", t.TempDir())
	r := mustOpen(t, Experiment{Name: "doubling", Data: d, Net: sumNet{}, Path: flow.Bridge(.1)})
	r.step, r.backend = 1, pureGo(t)
	return r
}

func mustRollOut(t testing.TB, r *Run, ask RollOut, f flow.Field, s solver.Solver) *Trajectories {
	t.Helper()
	out, err := r.RollOut(ask, f, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRollOutByHand: one step of Euler's method ends at xhat1 = x + sum of the frame, so that f <- 2 f + k + f_1 + f_2.
func TestRollOutByHand(t *testing.T) {
	r := doublingRun(t, doubling{})
	starts := []float32{1, 2, -1, .5}
	out := mustRollOut(t, r, RollOut{Starts: starts, First: 5, Frames: 3, Members: 2}, flow.CFM(), solver.Euler(1))
	var want []float32
	for range 2 {
		for i := range 2 {
			f := slices.Clone(starts[2*i : 2*i+2])
			for k := range 3 {
				sum := f[0] + f[1]
				f[0], f[1] = 2*f[0]+float32(5+k)+sum, 2*f[1]+float32(5+k)+sum
				want = append(want, f...)
			}
		}
	}
	if !slices.Equal(out.X, want) {
		t.Fatalf("trajectories %v, want %v", out.X, want)
	}
	if got := out.Trajectory(1, 1); !slices.Equal(got, want[3*6:]) {
		t.Errorf("trajectory of member 1 from start 1: %v, want %v", got, want[3*6:])
	}
	for k := range 3 {
		var frame []float32
		for i := range 4 {
			frame = append(frame, want[i*6+2*k:i*6+2*k+2]...)
		}
		if got := out.Frame(k); !slices.Equal(got, frame) {
			t.Errorf("frame %d: %v, want %v", k, got, frame)
		}
	}
	if c := out.Cost; c.Steps != 3 || c.Forwards != 3 || c.Equivalents != 3 || c.Backwards != 0 {
		t.Errorf("3 frames of a step of Euler's method cost %+v", c)
	}
	if text := out.String(); !strings.Contains(text, "3 frames of 4 trajectories of doubling") {
		t.Errorf("caption %q", text)
	}
	if len(r.samplers) != 1 {
		t.Errorf("%d graphs for 3 frames, want one", len(r.samplers))
	}
	kept, err := filepath.Glob(filepath.Join(r.Dir, "samples", "rollout-*.safetensors"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %v, %v", kept, err)
	}
	read, _, err := checkpoint.Read(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	values, err := checkpoint.Values[float32](read[0])
	if err != nil || !slices.Equal(values, want) || !slices.Equal(read[0].Shape, []int{2, 2, 3, 2}) {
		t.Errorf("kept %v of shape %v, %v", values, read[0].Shape, err)
	}
}

// TestLossyRollOut: a trajectory that leaves the finite numbers is lost from there on, the others are those of a roll-out without it, and both are read again.
func TestLossyRollOut(t *testing.T) {
	r := doublingRun(t, doubling{})
	far := []float32{1e37, 1e37, 1, 2} // 4e37, 1.6e38, and 6.4e38, which is none
	alone := mustRollOut(t, r, RollOut{Starts: far[2:], Frames: 5}, flow.CFM(), solver.Euler(1))
	for range 2 {
		out := mustRollOut(t, r, RollOut{Starts: far, Frames: 5, Lossy: true}, flow.CFM(), solver.Euler(1))
		if !slices.Equal(out.Trajectory(0, 1), alone.X) {
			t.Errorf("beside a lost trajectory: %v, want %v", out.Trajectory(0, 1), alone.X)
		}
		for i, v := range out.Trajectory(0, 0) {
			if lost := v != v; lost != (i >= 4) || math.IsInf(float64(v), 0) {
				t.Errorf("number %d of the frame %d of a trajectory that is lost at 2: %g", i%2, i/2, v)
			}
		}
	}
	if _, err := r.RollOut(RollOut{Starts: far, Frames: 5}, flow.CFM(), solver.Euler(1)); err == nil || !strings.Contains(err.Error(), "in frame 2 of trajectory 0") {
		t.Errorf("not lossy: %v", err)
	}
}

// TestRollOutSeeds: a seed fixes start points and noise; another seed gives others, and so do other members; and a longer roll-out begins as a shorter one.
func TestRollOutSeeds(t *testing.T) {
	r := doublingRun(t, doubling{noise: true})
	noisy := flow.ReleasedMD(0, 0, .5)
	for _, f := range []flow.Field{flow.CFM(), noisy} {
		for _, s := range []solver.Solver{solver.EulerMaruyama(2), solver.SDEInt(.5)} {
			ask := RollOut{Starts: []float32{1, 2}, Frames: 3, Members: 2, Seed: 1, Unkept: true}
			a, again := mustRollOut(t, r, ask, f, s), mustRollOut(t, r, ask, f, s)
			if !slices.Equal(a.X, again.X) {
				t.Errorf("%s with %v: one seed gave two results", f.Name(), s)
			}
			if slices.Equal(a.Trajectory(0, 0), a.Trajectory(1, 0)) {
				t.Errorf("%s with %v: two members are alike", f.Name(), s)
			}
			ask.Frames = 2
			if short := mustRollOut(t, r, ask, f, s); !slices.Equal(short.Trajectory(1, 0), a.Trajectory(1, 0)[:4]) {
				t.Errorf("%s with %v: a shorter roll-out is another", f.Name(), s)
			}
			ask.Seed = 2
			if other := mustRollOut(t, r, ask, f, s); slices.Equal(other.Trajectory(1, 0), a.Trajectory(1, 0)[:4]) {
				t.Errorf("%s with %v: another seed gave the same", f.Name(), s)
			}
		}
	}
	if kept, err := os.ReadDir(filepath.Join(r.Dir, "samples")); err == nil && len(kept) > 0 {
		t.Errorf("unkept roll-outs left %v", kept)
	}
}

// TestFrameNoise: increments and integrals have the covariance of solver.Brownian.Areas, h, h^2/2 and h^3/3, each within 6 standard errors of 40,000 draws (false alarm 2e-8 for
// all), and frames have noise of their own.
func TestFrameNoise(t *testing.T) {
	const n = 40_000
	s := solver.SDEInt(.3)
	f := flow.ReleasedMD(0, 0, .5)
	rows, grid := frameNoise(f, s, 3, 7, n), s.Grid()
	if len(rows) != 8*n {
		t.Fatalf("%d numbers, want %d", len(rows), 8*n)
	}
	for k := range s.Steps() {
		var ww, wa, aa float64
		for i := range n {
			w, a := float64(rows[k*n+i]), float64(rows[(4+k)*n+i])
			ww, wa, aa = ww+w*w/n, wa+w*a/n, aa+a*a/n
		}
		h := grid[k+1] - grid[k]
		for _, c := range []struct{ got, want, sd float64 }{
			{ww, h, math.Sqrt2 * h},
			{aa, h * h * h / 3, math.Sqrt2 * h * h * h / 3},
			{wa, h * h / 2, h * h * math.Sqrt(1./3+1./4)}, // Var(w a) = h h^3/3 + (h^2/2)^2
		} {
			if math.Abs(c.got-c.want) > 6*c.sd/math.Sqrt(n) {
				t.Errorf("step %d: covariance %g, want %g", k, c.got, c.want)
			}
		}
	}
	if other := frameNoise(f, s, 3, 8, n); slices.Equal(rows, other) {
		t.Error("two frames have the same noise")
	}
	if euler := frameNoise(f, solver.SDEIntEuler(.3), 3, 7, n); len(euler) != 4*n {
		t.Errorf("%d numbers for Euler-Maruyama, want %d", len(euler), 4*n)
	}
	if none := frameNoise(flow.CFM(), s, 3, 7, n); none != nil {
		t.Errorf("%d numbers for a field without noise", len(none))
	}
}

func TestRollOutErrors(t *testing.T) {
	good := RollOut{Starts: []float32{1, 2, 3, 4}}
	for _, tc := range []struct {
		d    doubling
		ask  RollOut
		want string
	}{
		{doubling{}, RollOut{}, "0 values of Starts"},
		{doubling{}, RollOut{Starts: []float32{1, 2, 3}}, "3 values of Starts"},
		{doubling{}, RollOut{Starts: []float32{1, 2}, Frames: -1}, "-1 frames"},
		{doubling{}, RollOut{Starts: []float32{1, 2}, Members: -2}, "-2 members"},
		{doubling{}, RollOut{Starts: []float32{1, 2}, First: -1}, "frames count from 0"},
		{doubling{}, RollOut{Starts: []float32{1, 2, 3, float32(math.NaN())}}, "row 1 of Starts is NaN"},
		{doubling{flaw: "x0"}, good, "3 numbers of x0"},
		{doubling{flaw: "cond"}, good, "3 of cond"},
		{doubling{flaw: "NaN"}, good, "row 0 of cond of frame 0 is NaN"},
		{doubling{flaw: "after"}, good, "made 3 values of frame 0"},
		{doubling{flaw: "infinite"}, good, "gave +Inf in frame 0 of trajectory 1"},
	} {
		r := doublingRun(t, tc.d)
		_, err := r.RollOut(tc.ask, flow.CFM(), solver.Euler(1))
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v, %+v: %v, want one line with %q", tc.d, tc.ask, err, tc.want)
		}
		if _, err := os.Stat(filepath.Join(r.Dir, "samples")); err == nil {
			t.Errorf("%+v, %+v left something behind", tc.d, tc.ask)
		}
	}
	r := doublingRun(t, doubling{})
	r.step = 0
	if _, err := r.RollOut(good, flow.CFM(), solver.Euler(1)); err == nil || !strings.Contains(err.Error(), "not trained") {
		t.Errorf("untrained: %v", err)
	}
	r.step = 1
	if _, err := r.RollOut(good, flow.ReleasedMD(0, 0, .5), solver.Euler(1)); err == nil || !strings.Contains(err.Error(), "or without noise flow.CFM()") {
		t.Errorf("noise with Euler's method: %v", err)
	}
	moons := mustOpen(t, small(t))
	if _, err := moons.RollOut(good, flow.CFM(), solver.Euler(1)); err == nil || !strings.Contains(err.Error(), "IndexedFrames") {
		t.Errorf("data that is no trajectory: %v", err)
	}
}

// spiral is a trajectory of 20 frames of two angles in degrees.
func spiral() []float32 {
	var frames []float32
	for k := range 20 {
		sin, cos := math.Sincos(float64(k) * 1.1)
		frames = append(frames, float32(100*cos), float32(100*sin))
	}
	return frames
}

func TestIndexedFrames(t *testing.T) {
	frames := spiral()
	d := MustIndexedFrames("spiral", frames, 2)
	x0, x1, cond := d.Batch(rand.New(rand.NewPCG(1, 2)), 500)
	seen := map[int]bool{}
	for i, v := range cond {
		k := int(v)
		seen[k] = true
		if !slices.Equal(x0[2*i:2*i+2], frames[2*k-2:2*k]) || !slices.Equal(x1[2*i:2*i+2], frames[2*k:2*k+2]) {
			t.Fatalf("row %d with index %d: %v to %v", i, k, x0[2*i:2*i+2], x1[2*i:2*i+2])
		}
	}
	if len(seen) != 19 || seen[0] { // a frame is missed with probability 19 (18/19)^500 = 3e-11
		t.Errorf("indices %v, want 1 to 19", seen)
	}
	other := spiral()
	other[7]++
	if d.Dim() != 2 || d.Len() != 20 || d.Classes() != 20 || MustIndexedFrames("spiral", other, 2).ID() == d.ID() || MustIndexedFrames("spiral", spiral(), 2).ID() != d.ID() {
		t.Errorf("%s: dim %d, %d frames, %d indices", d.ID(), d.Dim(), d.Len(), d.Classes())
	}
	frames[0] = 7
	if _, cond := d.Before(nil, []float32{1, 2, 3, 4}, 6); d.frames[0] == 7 || !slices.Equal(cond, []float32{6, 6}) {
		t.Errorf("condition %v, or frames shared", cond)
	}
	for _, tc := range []struct {
		frames []float32
		dim    int
		want   string
	}{
		{frames, 0, "no frames of size 0"},
		{frames[:3], 2, "no frames of size 2"},
		{frames[:2], 2, "has 1 frames"},
		{nil, 2, "has 0 frames"},
		{[]float32{1, 2, 3, float32(math.Inf(1))}, 2, "value 1 of frame 1 is +Inf"},
	} {
		if _, err := NewIndexedFrames("mine", tc.frames, tc.dim); err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v of %d: %v, want one line with %q", tc.frames, tc.dim, err, tc.want)
		}
	}
}

// releasedMD is the released experiment for molecular dynamics, on a small trajectory with a small network.
func releasedMD(t testing.TB) Experiment {
	t.Helper()
	t.Setenv("IDFF_RUNS", t.TempDir())
	return Experiment{Name: "spiral", Data: MustIndexedFrames("spiral", spiral(), 2), Net: net.IndexedMLP{MLP: net.MLP{Width: 32}, Size: 32}, Path: flow.Bridge(.5),
		Objective: flow.X1Copies(), Batch: 10, LearningRate: 5e-3, WeightDecay: -1, ClipNorm: -1, Steps: 1500, Seed: 1}
}

// TestReleasedMDLearnsByHeart: trained on one trajectory with its indices, the released field draws that trajectory from nothing at all, but for frame 0.
func TestReleasedMDLearnsByHeart(t *testing.T) {
	r := mustOpen(t, releasedMD(t))
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	truth := spiral()
	for _, s := range []solver.Solver{solver.SDEInt(.3), solver.SDEIntEuler(.3)} {
		out := mustRollOut(t, r, RollOut{Starts: Noise(1, 1, 2), Frames: 20, Members: 3, Seed: 1}, flow.ReleasedMD(.2, 1, .2), s)
		worst, mean := 0., 0.
		for m := range 3 {
			for i, v := range out.Trajectory(m, 0)[2:] {
				gap := math.Abs(float64(v - truth[2+i]))
				worst, mean = max(worst, gap), mean+gap/3/38
			}
		}
		t.Logf("%v: mean error %.2f degrees, worst %.1f; persistence 66; %v", s, mean, worst, out.Cost)
		if mean > 12 {
			t.Errorf("%v: mean error %.2f degrees", s, mean)
		}
	}
	phase := mustSample(t, r, 1, flow.ReleasedMDField{Gamma1: .2, Gamma2: 1, Sigma: .5, Dt: 1. / 3}, solver.SDEInt(1./3), WithStart(truth[2*9:2*10]), WithCond([]float32{10}))
	if gap := math.Hypot(float64(phase.X[0]-truth[20]), float64(phase.X[1]-truth[21])); len(phase.States) != 4 || gap > 25 {
		t.Errorf("a step to frame 10 in %d states ends %.1f degrees off", len(phase.States), gap)
	}
	for _, tc := range []struct {
		ask  RollOut
		f    flow.Field
		want string
	}{
		{RollOut{Starts: []float32{1, 2}, First: 19, Frames: 2}, flow.ReleasedMD(0, 0, .5), "frame 20 has index 20"},
		{RollOut{Starts: []float32{1, 2}}, flow.ReleasedMD(0, 0, 3), "sigma"},
	} {
		if _, err := r.RollOut(tc.ask, tc.f, solver.SDEInt(.3)); err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v, %s: %v, want one line with %q", tc.ask, tc.f.Name(), err, tc.want)
		}
	}
}

// TestFramesStayPaired: a coupling would pair frames with others than their successors.
func TestFramesStayPaired(t *testing.T) {
	e := releasedMD(t)
	e.Coupling = flow.ExactOT()
	if _, err := Open(e); err == nil || !strings.Contains(err.Error(), "flow.Independent()") {
		t.Errorf("%v", err)
	}
}

// fullSize is the released experiment at its own size, on 200 frames of 46 random angles: training it takes a batch of 10.
func fullSize(b *testing.B) *Run {
	e := releasedMD(b)
	frames := Noise(1, 200, 46)
	for i := range frames {
		frames[i] *= 60
	}
	e.Data, e.Net, e.LearningRate = MustIndexedFrames("noise", frames, 46), net.IndexedMLP{MLP: net.MLP{Width: 128}, Size: 128}, 1e-3
	return mustOpen(b, e)
}

// BenchmarkReleasedMDTraining is 1000 steps of training, compilation included.
func BenchmarkReleasedMDTraining(b *testing.B) {
	for range b.N {
		r := fullSize(b)
		r.exp.Steps = 1000
		if err := r.Train(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "steps/s")
}

// BenchmarkForecasts draws 10,000 forecasts of one frame: 50 members from each of 200 starts.
func BenchmarkForecasts(b *testing.B) {
	r := fullSize(b)
	r.exp.Steps = 1
	if err := r.Train(); err != nil {
		b.Fatal(err)
	}
	for _, tc := range []struct {
		f flow.Field
		s solver.Solver
	}{{flow.CFM(), solver.Euler(3)}, {flow.CFM(), solver.Euler(10)}, {flow.ReleasedMD(.2, 1, .5), solver.SDEIntEuler(.3)}, {flow.ReleasedMD(.2, 1, .5), solver.SDEInt(.3)}} {
		ask := RollOut{Starts: Noise(1, 200, 46), First: 1, Members: 50, Unkept: true}
		mustRollOut(b, r, ask, tc.f, tc.s) // compiles
		b.Run(fmt.Sprintf("%s/%v", tc.f.Name(), tc.s), func(b *testing.B) {
			for b.Loop() {
				mustRollOut(b, r, ask, tc.f, tc.s)
			}
		})
	}
}

// A network that has learned a trajectory with its frames' indices draws it again, whatever it starts from.
func ExampleRun_RollOut() {
	defer setRuns()()
	data := MustIndexedFrames("circle", spiral(), 2)
	run := MustOpen(Experiment{Name: "circle", Data: data, Net: net.IndexedMLP{MLP: net.MLP{Width: 16}, Size: 16}, Path: flow.Bridge(.5),
		Objective: flow.X1Copies(), Batch: 10, LearningRate: 1e-3, WeightDecay: -1, ClipNorm: -1, Steps: 10})
	run.MustTrain()
	out := run.MustRollOut(RollOut{Starts: Noise(1, 1, 2), Frames: data.Len(), Members: 5}, flow.ReleasedMD(.2, 1, .5), solver.SDEIntEuler(.3))
	fmt.Println(out.Members, "trajectories of", out.Frames, "frames;", out.Cost.Forwards/out.Frames, "evaluations a frame, cost", out.Cost.Equivalents/float64(out.Frames))
	// Output: 5 trajectories of 20 frames; 4 evaluations a frame, cost 13
}

// setRuns puts run folders into a temporary folder, and returns what takes them away again.
func setRuns() func() {
	dir, err := os.MkdirTemp("", "runs")
	if err == nil {
		err = os.Setenv("IDFF_RUNS", dir)
	}
	if err != nil {
		panic(err)
	}
	return func() {
		_ = os.Unsetenv("IDFF_RUNS")
		_ = os.RemoveAll(dir)
	}
}

// sums is Dynamics whose next frame is the sum of the last three; the flow draws nothing that matters.
type sums struct{ doubling }

func (sums) Name() string { return "sums" }
func (sums) ID() string   { return "sums" }
func (sums) History() int { return 3 }
func (sums) Before(_ *rand.Rand, frames []float32, _ int) (x0, cond []float32) {
	return make([]float32, len(frames)/6), make([]float32, len(frames)/3)
}
func (sums) After(frames, _ []float32, _ int) (next []float32) {
	for i := 0; i < len(frames); i += 6 {
		next = append(next, frames[i]+frames[i+2]+frames[i+4], frames[i+1]+frames[i+3]+frames[i+5])
	}
	return next
}

// TestRollOutHistory: data with a history gets that many frames, the latest last, whatever the number of frames drawn.
func TestRollOutHistory(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	r := mustOpen(t, Experiment{Name: "sums", Data: sums{}, Net: sumNet{}, Path: flow.Bridge(.1)})
	r.step, r.backend = 1, pureGo(t)
	out := mustRollOut(t, r, RollOut{Starts: []float32{1, 10, 2, 20, 3, 30, 0, 0, 0, 1, 1, 0}, Frames: 4}, flow.CFM(), solver.Euler(1))
	want := []float32{6, 60, 11, 110, 20, 200, 37, 370, 1, 1, 2, 2, 4, 3, 7, 6}
	if !slices.Equal(out.X, want) || out.Starts != 2 || out.Dim != 2 {
		t.Errorf("%d starts of size %d: %v, want %v", out.Starts, out.Dim, out.X, want)
	}
	if _, err := r.RollOut(RollOut{Starts: []float32{1, 2, 3, 4}}, flow.CFM(), solver.Euler(1)); err == nil || !strings.Contains(err.Error(), "want 3 frames of size 2") {
		t.Errorf("two frames of three: %v", err)
	}
}

// TestRollOutIsReadAgain: what was drawn is read the next time, as long as nothing differs that it depends on, and drawn again where the file is damaged; fields of one's own are drawn anew.
func TestRollOutIsReadAgain(t *testing.T) {
	r := doublingRun(t, doubling{noise: true})
	ask := RollOut{Starts: []float32{1, 2}, Frames: 2, Members: 2, Seed: 1}
	first := mustRollOut(t, r, ask, flow.CFM(), solver.Euler(2))
	clear(r.samplers) // what is drawn makes one
	again := mustRollOut(t, r, ask, flow.CFM(), solver.Euler(2))
	if !slices.Equal(first.X, again.X) || first.Cost != again.Cost || first.String() != again.String() || len(r.samplers) != 0 {
		t.Errorf("read again: %v after %v, %d graphs", again, first, len(r.samplers))
	}
	for what, other := range map[string]func() *Trajectories{
		"seed": func() *Trajectories { a := ask; a.Seed = 2; return mustRollOut(t, r, a, flow.CFM(), solver.Euler(2)) },
		"starts": func() *Trajectories {
			a := ask
			a.Starts = []float32{1, 3}
			return mustRollOut(t, r, a, flow.CFM(), solver.Euler(2))
		},
		"solver": func() *Trajectories { return mustRollOut(t, r, ask, flow.CFM(), solver.Euler(3)) },
		"step": func() *Trajectories {
			r.step++
			defer func() { r.step-- }()
			return mustRollOut(t, r, ask, flow.CFM(), solver.Euler(2))
		},
		"own": func() *Trajectories { return mustRollOut(t, r, ask, ownField{flow.CFM()}, solver.Euler(2)) },
		"unkept": func() *Trajectories {
			a := ask
			a.Unkept = true
			return mustRollOut(t, r, a, flow.CFM(), solver.Euler(2))
		},
	} {
		clear(r.samplers)
		if other(); len(r.samplers) == 0 {
			t.Errorf("another %s: read, not drawn", what)
		}
	}
	path := r.trajectoriesPath(r.rollOutKey(ask, flow.CFM(), solver.Euler(2)), first)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)-5], 0o666); err != nil {
		t.Fatal(err)
	}
	clear(r.samplers)
	if mended := mustRollOut(t, r, ask, flow.CFM(), solver.Euler(2)); !slices.Equal(mended.X, first.X) || len(r.samplers) == 0 {
		t.Errorf("a damaged file: %v, want it drawn again", mended.X)
	}
}

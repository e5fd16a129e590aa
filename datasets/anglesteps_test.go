package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// turning is a peptide of two residues, in two replicas of six frames, whose angles go round.
func turning(t testing.TB) *Angles {
	t.Helper()
	var degrees []float32
	for r := range 2 {
		for k := range 6 {
			for j := range 4 {
				degrees = append(degrees, float32(shortWay(0, float32(100*r+(20+7*j)*k*(1-2*(j%2))))))
			}
		}
	}
	a, err := NewAngles("turning", degrees, 2, 6, 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestShortWay: changes lie in [-180, 180], whatever the turns.
func TestShortWay(t *testing.T) {
	for _, c := range []struct{ from, to, want float64 }{{10, 30, 20}, {30, 10, -20}, {170, -170, 20}, {-170, 170, -20}, {0, 180, 180}, {-180, 180, 0}, {-90, 90, 180}, {720, 3, 3}} {
		if got := shortWay(float32(c.from), float32(c.to)); got != c.want {
			t.Errorf("from %g to %g: %g, want %g", c.from, c.to, got, c.want)
		}
	}
}

// TestAngleStepsThereAndBack: in each chart, what Batch gives as x1 is taken by After to a frame that follows in the data on the frames that cond tells of, to rounding.
func TestAngleStepsThereAndBack(t *testing.T) {
	a := turning(t)
	for _, chart := range charts {
		for history := 1; history <= 4; history += 3 {
			s := a.MustSteps(chart, history)
			x0, x1, cond := s.Batch(rand.New(rand.NewPCG(1, 2)), 200)
			if len(x1) != 200*s.Dim() || len(cond) != 200*2*(4+2*(history-1)) || (chart == Torus) != (x0 != nil) {
				t.Fatalf("%s: %d numbers of x1, %d of cond, x0 %v", s.Name(), len(x1), len(cond), x0 != nil)
			}
			seen := map[[2]int]bool{}
			for i := range 200 {
				row := cond[i*len(cond)/200 : (i+1)*len(cond)/200]
				r, k := find(a, row, history)
				if k < 0 {
					t.Fatalf("%s: condition %v is of no frame", s.Name(), row)
				}
				seen[[2]int{r, k}] = true
				var frames []float32
				for j := k - history + 1; j <= k; j++ {
					frames = append(frames, a.Frame(r, j)...)
				}
				next := s.After(frames, x1[i*s.Dim():(i+1)*s.Dim()], 0)
				for j, v := range a.Frame(r, k+1) {
					if math.Abs(shortWay(next[j], v)) > 1e-3 || next[j] < -180 || next[j] > 180 {
						t.Fatalf("%s: after frame %d of replica %d: %v, want %v", s.Name(), k, r, next, a.Frame(r, k+1))
					}
				}
			}
			if want := 2 * (6 - history); len(seen) != want { // a frame is missed with probability 10 (9/10)^200 = 7e-9
				t.Errorf("%s: %d frames drawn, want %d", s.Name(), len(seen), want)
			}
		}
	}
}

// find is the frame that a condition is of.
func find(a *Angles, cond []float32, history int) (replica, frame int) {
	each := len(cond) / a.Residues()
	for r := range a.Replicas {
		for k := history - 1; k < a.Frames-1; k++ {
			good := true
			for j, v := range a.Frame(r, k) {
				sin, cos := math.Sincos(float64(v) * math.Pi / 180)
				at := cond[j/2*each+2*(j%2):]
				good = good && math.Abs(float64(at[0])-cos) < 1e-6 && math.Abs(float64(at[1])-sin) < 1e-6
				for back := 1; back < history; back++ {
					change := shortWay(a.Frame(r, k-back)[j], v) / 30
					good = good && math.Abs(float64(cond[j/2*each+4+2*(back-1)+j%2])-change) < 1e-5
				}
			}
			if good {
				return r, k
			}
		}
	}
	return -1, -1
}

// TestAngleStepsTorus: on the torus the way from x0 to x1 is at most half a turn, and x0 fills the circle evenly.
func TestAngleStepsTorus(t *testing.T) {
	s := turning(t).MustSteps(Torus, 1)
	x0, x1, _ := s.Batch(rand.New(rand.NewPCG(3, 4)), 10_000)
	quarters := [4]int{}
	for i, v := range x0 {
		if math.Abs(float64(x1[i]-v)) > math.Pi+1e-5 {
			t.Fatalf("from %g to %g", v, x1[i])
		}
		quarters[min(int((v+math.Pi)/(math.Pi/2)), 3)]++
	}
	for _, n := range quarters { // 40,000 draws: standard deviation 87, 6 of them false alarm 8e-9
		if n < 10_000-520 || n > 10_000+520 {
			t.Errorf("quarters of the circle: %v", quarters)
		}
	}
}

// TestAngleStepsUnit: changes are in units of their root mean square; start points at the frame are 0.
func TestAngleStepsUnit(t *testing.T) {
	s := Polyala().Train().MustSteps(Change, 2)
	_, x1, _ := s.Batch(rand.New(rand.NewPCG(1, 1)), 2000)
	square := 0.0
	for _, v := range x1 {
		square += float64(v) * float64(v) / float64(len(x1))
	}
	if math.Abs(square-1) > .05 || s.Unit() < 15 || s.Unit() > 30 {
		t.Errorf("mean square %g in units of %g degrees", square, s.Unit())
	}
	from := s.MustFromFrame()
	x0, same, cond := from.Batch(rand.New(rand.NewPCG(1, 1)), 2000)
	if !slices.Equal(same, x1) || len(x0) != len(x1) || slices.Max(x0) != 0 || slices.Min(x0) != 0 || len(cond) == 0 || from.ID() == s.ID() {
		t.Errorf("%s, start points from %g to %g", from.Name(), slices.Min(x0), slices.Max(x0))
	}
}

// TestPart: some replicas as a set of their own.
func TestPart(t *testing.T) {
	a := Polyala()
	part := a.Part(10, 12)
	if part.Replicas != 2 || !slices.Equal(part.Frame(1, 7), a.Frame(11, 7)) || part.Test().Replicas != 0 || part.ID() == a.Part(9, 11).ID() || part.Interval != a.Interval {
		t.Errorf("%s: %d replicas, %d held out", part.ID(), part.Replicas, part.Test().Replicas)
	}
	defer func() {
		if recover() == nil {
			t.Error("replicas 15 and 16 of 16: no panic")
		}
	}()
	a.Part(15, 17)
}

func TestAngleStepsErrors(t *testing.T) {
	a := turning(t)
	still, err := NewAngles("still", []float32{90, 90, 90, 90}, 1, 2, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		make func() (*AngleSteps, error)
		want string
	}{
		{func() (*AngleSteps, error) { return a.Steps("sin", 1) }, "valid names: [change sincos torus]"},
		{func() (*AngleSteps, error) { return a.Steps(Change, 0) }, "want 1 to 20"},
		{func() (*AngleSteps, error) { return a.Steps(Change, 21) }, "want 1 to 20"},
		{func() (*AngleSteps, error) { return a.Steps(Change, 6) }, "2 replicas of 6 frames have none after a history of 6"},
		{func() (*AngleSteps, error) { return a.Test().Steps(Change, 1) }, "0 replicas"},
		{func() (*AngleSteps, error) { return still.Steps(Change, 1) }, "no angle ever changes"},
		{func() (*AngleSteps, error) { return a.MustSteps(SinCos, 1).FromFrame() }, "start from noise"},
	} {
		if _, err := c.make(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want one line with %q", err, c.want)
		}
	}
	ids := map[string]bool{}
	for _, s := range []*AngleSteps{a.MustSteps(Change, 1), a.MustSteps(Change, 2), a.MustSteps(SinCos, 1), a.MustSteps(Torus, 1), a.Replica(0).MustSteps(Change, 1)} {
		ids[s.ID()] = true
	}
	if len(ids) != 5 {
		t.Errorf("five kinds of steps have the IDs %v", ids)
	}
}

func ExampleAngles_Steps() {
	steps := Polyala().Train().MustSteps(Change, 4) // the next frame from the last four
	_, x1, cond := steps.Batch(rand.New(rand.NewPCG(1, 0)), 64)
	fmt.Println(steps.Name(), len(x1)/64, len(cond)/64)
	// Output: polyala-train, change 46 230
}

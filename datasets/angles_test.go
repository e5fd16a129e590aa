package datasets

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestSimulated: the shapes, splits and values of the two sets, and that both
// are molecules: peptide chains with phi below 0 most of the time.
func TestSimulated(t *testing.T) {
	for _, c := range []struct {
		a                                   *Angles
		replicas, frames, count, test       int
		first, last, id                     string
		interval, negative, helix, extended float64 // least fraction of phi < 0; of what is in each region
	}{
		{Polyala(), 16, 200, 46, 4, "phi2", "psi24", "polyala-", 2, .8, .1, .1},
		{AceAla5(), 4, 1000, 10, 1, "phi2", "psi6", "ace-ala5-", 1, .9, .1, .1},
	} {
		a := c.a
		if a.Replicas != c.replicas || a.Frames != c.frames || a.Count != c.count || len(a.Degrees) != c.replicas*c.frames*c.count || a.Interval != c.interval {
			t.Errorf("%s: shape [%d, %d, %d], every %g ps", a.Name(), a.Replicas, a.Frames, a.Count, a.Interval)
		}
		if a.Names[0] != c.first || a.Names[a.Count-1] != c.last || !strings.HasPrefix(a.ID(), c.id) {
			t.Errorf("%s: %v, %s", a.Name(), a.Names, a.ID())
		}
		train, test := a.Train(), a.Test()
		if train.Replicas != c.replicas-c.test || test.Replicas != c.test || !slices.Equal(slices.Concat(train.Degrees, test.Degrees), a.Degrees) {
			t.Errorf("%s: %d and %d replicas", a.Name(), train.Replicas, test.Replicas)
		}
		if train.ID() == test.ID() || train.ID() == a.ID() {
			t.Errorf("%s: parts with the same ID", a.Name())
		}
		var negative, helix, extended float64
		points := a.PhiPsi()
		for _, p := range points {
			if p[0] < 0 {
				negative++
			}
			if math.Abs(p[0]+63) < 40 && math.Abs(p[1]+43) < 40 {
				helix++
			}
			if p[0] < -40 && math.Abs(p[1]) > 90 {
				extended++
			}
		}
		n := float64(len(points))
		t.Logf("%s: phi < 0 %.3f, helix %.3f, extended %.3f", a.Name(), negative/n, helix/n, extended/n)
		if negative/n < c.negative || helix/n < c.helix || extended/n < c.extended {
			t.Errorf("%s: phi < 0 %.3f, helix %.3f, extended %.3f", a.Name(), negative/n, helix/n, extended/n)
		}
	}
	// The first frame, after 2 ps, is still much of the stretched chain.
	a, away := Polyala(), 0.0
	for r := range a.Replicas {
		for i, v := range a.Frame(r, 0) {
			d := math.Abs(math.Mod(float64(v)-[2]float64{-139, 135}[i%2]+540, 360) - 180)
			away += d / float64(a.Replicas*a.Count)
		}
	}
	if away > 40 {
		t.Errorf("the first frames are %.1f degrees from the stretched chain on average", away)
	}
}

// counting are replicas x frames x 4 angles that count in steps of .5 from -90.
func counting(t *testing.T, name string, replicas, frames int) *Angles {
	t.Helper()
	x := make([]float32, replicas*frames*4)
	for i := range x {
		x[i] = float32(i)/2 - 90
	}
	a, err := NewAngles(name, x, replicas, frames, 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnglesParts(t *testing.T) {
	a := counting(t, "a", 3, 5)
	if got := a.Frame(1, 2); !slices.Equal(got, []float32{-76, -75.5, -75, -74.5}) { // 28/2 - 90
		t.Errorf("frame %v", got)
	}
	if got := a.Replica(2); got.Replicas != 1 || !slices.Equal(got.Degrees, a.Degrees[40:]) {
		t.Errorf("replica %v", got)
	}
	if got := a.Pair(1); len(got) != 15 || got[1] != [2]float64{-87, -86.5} {
		t.Errorf("pair %v", got)
	}
	if got := a.PhiPsi(); len(got) != 30 || got[3] != a.Pair(1)[1] {
		t.Errorf("points %v", got)
	}
	held, err := a.HoldOut(1)
	if err != nil || held.Train().Replicas != 2 || held.Test().Replicas != 1 || a.Test().Replicas != 0 || a.Train().Replicas != 3 {
		t.Errorf("held out: %v, %v", held, err)
	}
	w, err := held.Window(1, 3)
	if err != nil || w.Frames != 2 || w.Test().Replicas != 1 || !slices.Equal(w.Frame(2, 0), a.Frame(2, 1)) || len(w.Degrees) != 3*2*4 {
		t.Errorf("window: %v, %v", w, err)
	}
	now, later, err := a.Lagged(3)
	if err != nil || len(now) != 3*2*4 || !slices.Equal(now[8:12], a.Frame(1, 0)) || !slices.Equal(later[8:12], a.Frame(1, 3)) || !slices.Equal(later[20:], a.Frame(2, 4)) {
		t.Errorf("lagged: %v, %v, %v", now, later, err)
	}
	j, err := JoinAngles("j", a, counting(t, "b", 1, 5))
	if err != nil || j.Replicas != 4 || !slices.Equal(j.Frame(3, 4), a.Frame(0, 4)) || j.Name() != "j" {
		t.Errorf("joined: %v, %v", j, err)
	}
}

// TestBadAngles: one clear line each.
func TestBadAngles(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	full := func(v float32) []float32 { // one odd value among 8
		x := []float32{10, 20, -30, 40, 50, 60, 70, 80}
		x[6] = v
		return x
	}
	radians := make([]float32, 8)
	for i := range radians {
		radians[i] = float32(i)*.85 - 3
	}
	sound := counting(t, "a", 3, 5)
	other, err := NewAngles("other", full(1), 1, 2, 4, []string{"A:phi2", "A:psi2", "A:phi3", "A:psi3"})
	if err != nil {
		t.Fatal(err)
	}
	slow := counting(t, "slow", 1, 5)
	slow.Interval = 2
	try := func(x []float32, replicas, frames, count int) func() error {
		return func() error { _, err := NewAngles("mine", x, replicas, frames, count, nil); return err }
	}
	for _, c := range []struct {
		what string
		f    func() error
		want string
	}{
		{"NaN", try(full(nan), 1, 2, 4), "datasets: mine: replica 0, frame 1 (counted from 0), phi3 is NaN; remove or mend that frame"},
		{"infinite", try(full(inf), 2, 1, 4), "replica 1, frame 0 (counted from 0), phi3 is +Inf"},
		{"beyond 180", try(full(200), 1, 2, 4), "phi3 is 200; angles lie in [-180, 180] degrees: subtract 360"},
		{"radians", try(radians, 1, 2, 4), "all angles lie within ±3.0000, so they seem to be radians; angles are in degrees: multiply them by 180/pi"},
		{"odd", try(full(1), 1, 2, 3), "a frame has 3 angles, which are not pairs of phi and psi"},
		{"too few", try(full(1), 2, 2, 4), "there are 8 values, not as many as the shape [2, 2, 4] has"},
		{"none", try(nil, 0, 0, 4), "the shape is [0, 0, 4]"},
		{"overflow", try(full(1), math.MaxInt, math.MaxInt, 2), "there are 8 values, not as many"},
		{"a great count", try(full(1), 1, 1, math.MaxInt-1), "names for"},
		{"names", func() error { _, err := NewAngles("mine", full(1), 1, 2, 4, []string{"phi2"}); return err }, "there are 1 names for 4 angles"},
		{"no name", func() error { _, err := NewAngles("", full(1), 1, 2, 4, nil); return err }, "the name is empty"},
		{"hold out all", func() error { _, err := sound.HoldOut(3); return err }, "3 of 3 replicas cannot be held out; hold out 0 to 2"},
		{"hold out less than none", func() error { _, err := sound.HoldOut(-1); return err }, "-1 of 3 replicas"},
		{"window", func() error { _, err := sound.Window(3, 6); return err }, "there are no frames from 3 up to 6; frames are 0 to 4"},
		{"empty window", func() error { _, err := sound.Window(3, 3); return err }, "there are no frames from 3 up to 3"},
		{"lag", func() error { _, _, err := sound.Lagged(5); return err }, "a lag of 5 frames; with 5 frames it is 1 to 4"},
		{"join none", func() error { _, err := JoinAngles("j"); return err }, "give a name and one part or more"},
		{"join others", func() error { _, err := JoinAngles("j", sound, other); return err }, "other has other angles (4: A:phi2 to A:psi3) than a (4: phi2 to psi3)"},
		{"join lengths", func() error { _, err := JoinAngles("j", sound, counting(t, "b", 1, 4)); return err }, "b has 4 frames, a has 5"},
		{"join intervals", func() error { _, err := JoinAngles("j", sound, slow); return err }, "slow has a frame every 2 ps, a every 0 ps"},
		{"no replica", func() error { return caught(func() { sound.Replica(3) }) }, "there is no replica 3; replicas are 0 to 2"},
		{"no frame", func() error { return caught(func() { sound.Frame(0, 5) }) }, "there is no frame 5; frames are 0 to 4"},
		{"no pair", func() error { return caught(func() { sound.Pair(2) }) }, "there is no pair 2; pairs are 0 to 1"},
	} {
		if err := c.f(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

// caught gives a panic as an error.
func caught(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	f()
	return nil
}

func ExamplePolyala() {
	md := Polyala()
	fmt.Println(md.Replicas, md.Frames, md.Count, md.Interval, "ps")
	fmt.Println(md.Train().Replicas, md.Test().Replicas)
	fmt.Println(md.Names[:4])
	now, next, err := md.Train().Lagged(1) // pairs for learning one step
	fmt.Println(len(now)/md.Count, len(next)/md.Count, err)
	// Output:
	// 16 200 46 2 ps
	// 12 4
	// [phi2 psi2 phi3 psi3]
	// 2388 2388 <nil>
}

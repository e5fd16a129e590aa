package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Chart says what a flow draws for the next frame of angles: how the circle is laid out in numbers.
type Chart string

const (
	// Change is the change from the present frame, the short way round, over the root mean square of all changes in the data: a point of the plane that touches the torus at the present
	// frame. Angles have no seam there, but changes of half a turn.
	Change Chart = "change"
	// SinCos is cosine and sine of each angle of the next frame: no seam, twice the numbers; what the flow draws is taken back to the circle by atan2.
	SinCos Chart = "sincos"
	// Torus is the next frame itself, in radians, where the flow starts from uniform random angles and takes the short way: flow matching on the flat torus (Chen and Lipman, Flow Matching on
	// General Geometries, arXiv 2302.03660, geodesics of the circle). The network must be periodic, e.g. net.ChainMLP{Periodic: true}, and predict a velocity.
	Torus Chart = "torus"
)

var charts = []Chart{Change, SinCos, Torus}

// angleUnit is the change, in degrees, that the network sees as 1.
const angleUnit = 30

// AngleSteps is how angles go on from frame to frame, without the number of the frame: a source of minibatches whose x1 is the next frame in a Chart, and whose cond are the present
// frame and what led to it, residue by residue: cos phi, sin phi, cos psi, sin psi, and the changes of phi and psi to the present from each of the History-1 frames before it, the latest first, in units of 30 degrees.
//
//	x1 [n, 2 a residue] (SinCos: 4: cos phi, sin phi, cos psi, sin psi),  cond [n, 4 + 2 (History-1) a residue]
//
// It has the methods of idffnb.Dynamics, so that Run.RollOut goes on from frames of any replica. Make one with Steps.
type AngleSteps struct {
	angles  *Angles
	chart   Chart
	history int
	at      bool // start at the present frame
	unit    float64
}

// Steps makes steps out of all replicas, in a chart, given the last frames, as many as history says. It is an error if the chart is unknown, history is not from 1 to 20, or replicas have no frame after so many.
func (a *Angles) Steps(chart Chart, history int) (*AngleSteps, error) {
	switch {
	case !slices.Contains(charts, chart):
		return nil, fmt.Errorf("datasets: %s: unknown chart %q; valid names: %v", a.name, chart, charts)
	case history < 1 || history > 20:
		return nil, fmt.Errorf("datasets: %s: steps with a history of %d frames: want 1 to 20, the present one counted", a.name, history)
	case a.Replicas < 1 || a.Frames <= history:
		return nil, fmt.Errorf("datasets: %s: %d replicas of %d frames have none after a history of %d", a.name, a.Replicas, a.Frames, history)
	}
	s := &AngleSteps{angles: a, chart: chart, history: history, unit: 1}
	if chart == Change {
		s.unit = a.meanChange()
	}
	if !(s.unit > 0) {
		return nil, fmt.Errorf("datasets: %s: no angle ever changes: there is nothing to learn", a.name)
	}
	return s, nil
}

// MustSteps is Steps for notebooks: an error prints one line and ends the program.
func (a *Angles) MustSteps(chart Chart, history int) *AngleSteps {
	return must(a.Steps(chart, history))
}

// FromFrame gives the same steps, but each flow starts at the present frame, x0 = 0, in place of noise: for bridges such as idffnb.SF2M, whose noise on the way makes the ensemble. It is an error in other charts than Change.
func (s *AngleSteps) FromFrame() (*AngleSteps, error) {
	if s.chart != Change {
		return nil, fmt.Errorf("datasets: %s: steps in the chart %s start from noise; those that start at the present frame are for the chart %s", s.angles.name, s.chart, Change)
	}
	from := *s
	from.at = true
	return &from, nil
}

// MustFromFrame is FromFrame for notebooks: an error prints one line and ends the program.
func (s *AngleSteps) MustFromFrame() *AngleSteps { return must(s.FromFrame()) }

// meanChange is the root mean square change from a frame to the next, in degrees.
func (a *Angles) meanChange() float64 {
	sum, n := 0.0, 0
	for r := range a.Replicas {
		for k := 1; k < a.Frames; k++ {
			before, after := a.Frame(r, k-1), a.Frame(r, k)
			for i := range after {
				d := shortWay(before[i], after[i])
				sum, n = sum+d*d, n+1
			}
		}
	}
	return math.Sqrt(sum / float64(n))
}

// shortWay is the change from an angle to another, in degrees in [-180, 180].
func shortWay(from, to float32) float64 { return math.Remainder(float64(to)-float64(from), 360) }

// Name is the name of the angles with the chart.
func (s *AngleSteps) Name() string {
	name := fmt.Sprintf("%s, %s", s.angles.name, s.chart)
	if s.at {
		name += " from the frame"
	}
	return name
}

// ID identifies the data when an experiment is hashed: name, history and a hash of the content.
func (s *AngleSteps) ID() string {
	return fmt.Sprintf("%s, history %d, %s", s.Name(), s.history, s.angles.ID())
}

// Dim is the size of what the flow draws for a frame.
func (s *AngleSteps) Dim() int {
	if s.chart == SinCos {
		return 2 * s.angles.Count
	}
	return s.angles.Count
}

// FrameDim is the number of angles of a frame.
func (s *AngleSteps) FrameDim() int { return s.angles.Count }

// History is the number of frames that the next one is drawn from.
func (s *AngleSteps) History() int { return s.history }

// Chart is what the flow draws.
func (s *AngleSteps) Chart() Chart { return s.chart }

// Unit is the change, in degrees, that is 1 in the chart Change.
func (s *AngleSteps) Unit() float64 { return s.unit }

// Batch draws n frames with a next one, of any replica, with replacement.
func (s *AngleSteps) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	a, frames := s.angles, make([]float32, 0, n*s.history*s.angles.Count)
	var next []float32
	for range n {
		r, k := rng.IntN(a.Replicas), s.history+rng.IntN(a.Frames-s.history)
		for j := k - s.history; j < k; j++ {
			frames = append(frames, a.Frame(r, j)...)
		}
		next = append(next, a.Frame(r, k)...)
	}
	x0, cond = s.Before(rng, frames, 0)
	return x0, s.coordinates(frames, next, x0), cond
}

// Before implements idffnb.Dynamics: the start points, nil for N(0, I), and the condition of frames [n, History, FrameDim].
func (s *AngleSteps) Before(rng *rand.Rand, frames []float32, _ int) (x0, cond []float32) {
	width := s.angles.Count
	size := s.history * width
	for i := 0; i < len(frames); i += size {
		now := frames[i+size-width : i+size]
		for j := 0; j < width; j += 2 {
			for _, angle := range now[j : j+2] {
				sin, cos := math.Sincos(float64(angle) * math.Pi / 180)
				cond = append(cond, float32(cos), float32(sin))
			}
			for back := 2; back <= s.history; back++ {
				then := frames[i+size-back*width+j:]
				cond = append(cond, float32(shortWay(then[0], now[j])/angleUnit), float32(shortWay(then[1], now[j+1])/angleUnit))
			}
		}
	}
	n := len(frames) / size
	switch {
	case s.at:
		x0 = make([]float32, n*s.Dim())
	case s.chart == Torus:
		for range n * s.Dim() {
			x0 = append(x0, float32(math.Pi*(2*rng.Float64()-1)))
		}
	}
	return x0, cond
}

// coordinates are those of next [n, FrameDim] in the chart at frames [n, History, FrameDim].
func (s *AngleSteps) coordinates(frames, next, x0 []float32) []float32 {
	width := s.angles.Count
	x1 := make([]float32, 0, len(next)/width*s.Dim())
	for i, angle := range next {
		switch s.chart {
		case SinCos:
			sin, cos := math.Sincos(float64(angle) * math.Pi / 180)
			x1 = append(x1, float32(cos), float32(sin))
		case Torus:
			start := float64(x0[i]) * 180 / math.Pi
			x1 = append(x1, float32((start+shortWay(float32(start), angle))*math.Pi/180))
		default:
			x1 = append(x1, float32(shortWay(s.present(frames, i), angle)/s.unit))
		}
	}
	return x1
}

// present is the value of the present frame that belongs to value i of the next frames.
func (s *AngleSteps) present(frames []float32, i int) float32 {
	width := s.angles.Count
	return frames[(i/width*s.history+s.history-1)*width+i%width]
}

// After implements idffnb.Dynamics: the next frames, in degrees in [-180, 180], from what the flow drew.
func (s *AngleSteps) After(frames, x []float32, _ int) []float32 {
	next := make([]float32, len(frames)/s.history)
	for i := range next {
		var angle float64
		switch s.chart {
		case SinCos:
			angle = math.Atan2(float64(x[2*i+1]), float64(x[2*i])) * 180 / math.Pi
		case Torus:
			angle = float64(x[i]) * 180 / math.Pi
		default:
			angle = float64(s.present(frames, i)) + float64(x[i])*s.unit
		}
		next[i] = float32(shortWay(0, float32(angle)))
	}
	return next
}

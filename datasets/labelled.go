package datasets

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
)

// A LabelledToy is a Toy whose points come with a label, for conditional
// models: the component of the mixture that the point is drawn from, a whole
// number from 0 to Classes()-1, all equally likely. Make one with Labelled.
//
//	set                              classes
//	8gaussians, 8gaussians-ffjord    8: Gaussian k, at the angle k pi/4
//	checkerboard                     8: dark cell k, in the order of Modes
//	pinwheel                         5: arm k, in the order of Modes
//	rings, circles                   4, 2: from the inner circle to the outer
//	moons, moons-ffjord              2: outer, inner
//	2spirals                         2: p, its mirror image
//
// It draws the same points as its Toy from the same generator.
type LabelledToy struct{ toy Toy }

// Labelled gives the points of a toy their labels. It is an error for the
// swiss roll, which is of one piece.
func Labelled(t Toy) (LabelledToy, error) {
	if toys[t.kind].classes < 2 {
		return LabelledToy{}, fmt.Errorf("datasets: %s is of one piece and has no classes: take another set, or label points of your own with FromLabelledPoints", t.Name())
	}
	return LabelledToy{t}, nil
}

// MustLabelled is Labelled for notebooks: an error prints one line and ends
// the program.
func MustLabelled(t Toy) LabelledToy { return must(Labelled(t)) }

// Name is the toy's name and "with labels".
func (l LabelledToy) Name() string { return l.toy.Name() + " with labels" }

// ID identifies the data when an experiment is hashed.
func (l LabelledToy) ID() string { return l.toy.Name() + "-labels" }

// String is Name.
func (l LabelledToy) String() string { return l.Name() }

// MarshalText gives the ID, so that the data show in a JSON file as it.
func (l LabelledToy) MarshalText() ([]byte, error) { return []byte(l.ID()), nil }

// Dim is 2.
func (l LabelledToy) Dim() int { return 2 }

// Classes is the number of classes: labels are 0 to Classes()-1.
func (l LabelledToy) Classes() int { return toys[l.toy.kind].classes }

// NullCond stands for "no condition" where training drops it: one class more.
func (l LabelledToy) NullCond() []float32 { return []float32{float32(l.Classes())} }

// Batch draws n independent points from rng: x1 is row-major, shape [n, 2],
// cond their labels, shape [n]; x0 is nil. It panics if n is negative or rng
// is nil.
func (l LabelledToy) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	x1, class := l.toy.batch(rng, n)
	return nil, x1, asCond(class)
}

// Sample draws n points for metrics, those of the Toy's Sample; Labels has
// their labels. It panics if n is negative.
func (l LabelledToy) Sample(seed uint64, n int) []float32 { return l.toy.Sample(seed, n) }

// Labels are the labels of the points of Sample and Points.
func (l LabelledToy) Labels(seed uint64, n int) []int {
	_, class := l.toy.batch(rand.New(rand.NewPCG(seed, toyStream)), n)
	return class
}

// Points draws the points of Sample in the form that figures take.
func (l LabelledToy) Points(seed uint64, n int) [][2]float64 { return l.toy.Points(seed, n) }

// Modes are those of the Toy; where it has some, mode k is that of label k.
func (l LabelledToy) Modes() (centres [][2]float64, radius float64, ok bool) { return l.toy.Modes() }

// LabelledPoints is the empirical distribution of given points with labels:
// each draw takes one of them, all equally likely, so that a class is as
// likely as it has points. Make one with FromLabelledPoints.
type LabelledPoints struct {
	points  *Empirical
	labels  []int
	classes int
	id      string
}

// FromLabelledPoints makes a source of minibatches out of your own data:
// points as FromPoints takes them, with a label each, numbered from 0 without
// gaps. It is an error where FromPoints gives one, if there are not as many
// labels as points, one is negative, or a number in between has no point.
func FromLabelledPoints(name string, points []float32, dim int, labels []int) (*LabelledPoints, error) {
	e, err := FromPoints(name, points, dim)
	if err != nil {
		return nil, err
	}
	if len(labels) != e.Len() {
		return nil, fmt.Errorf("datasets: %s: %d labels for %d points; give one each", name, len(labels), e.Len())
	}
	for i, k := range labels {
		if k < 0 {
			return nil, fmt.Errorf("datasets: %s: label %d of row %d (counted from 0) is negative; number the classes from 0", name, k, i)
		}
	}
	used := slices.Compact(slices.Sorted(slices.Values(labels)))
	for k, label := range used {
		if label != k {
			return nil, fmt.Errorf("datasets: %s: there is label %d, and no point has label %d; number the classes from 0 without gaps", name, used[len(used)-1], k)
		}
	}
	b := []byte(e.ID())
	for _, k := range labels {
		b = binary.LittleEndian.AppendUint64(b, uint64(k))
	}
	sum := sha256.Sum256(b)
	return &LabelledPoints{points: e, labels: slices.Clone(labels), classes: len(used), id: name + "-labels-" + hex.EncodeToString(sum[:8])}, nil
}

// MustFromLabelledPoints is FromLabelledPoints for notebooks: an error prints
// one line and ends the program.
func MustFromLabelledPoints(name string, points []float32, dim int, labels []int) *LabelledPoints {
	return must(FromLabelledPoints(name, points, dim, labels))
}

// Name is the name given and "with labels".
func (l *LabelledPoints) Name() string { return l.points.Name() + " with labels" }

// ID identifies the data when an experiment is hashed: the name and a hash of
// points and labels.
func (l *LabelledPoints) ID() string { return l.id }

// MarshalText gives the ID, so that the data show in a JSON file as it.
func (l *LabelledPoints) MarshalText() ([]byte, error) { return []byte(l.id), nil }

// Dim is the number of coordinates of a point.
func (l *LabelledPoints) Dim() int { return l.points.Dim() }

// Len is the number of points given.
func (l *LabelledPoints) Len() int { return l.points.Len() }

// Classes is the number of classes: labels are 0 to Classes()-1.
func (l *LabelledPoints) Classes() int { return l.classes }

// NullCond stands for "no condition" where training drops it: one class more.
func (l *LabelledPoints) NullCond() []float32 { return []float32{float32(l.classes)} }

// Batch draws n of the points with replacement: x1 is row-major, shape
// [n, Dim()], cond their labels, shape [n]; x0 is nil. It panics if n is
// negative or rng is nil.
func (l *LabelledPoints) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	x1, class := l.batch(rng, n)
	return nil, x1, asCond(class)
}

func (l *LabelledPoints) batch(rng *rand.Rand, n int) (x1 []float32, class []int) {
	checkDraw(l.Name(), rng, n)
	dim := l.Dim()
	x1, class = make([]float32, 0, n*dim), make([]int, n)
	for k := range class {
		i := rng.IntN(l.Len())
		x1, class[k] = append(x1, l.points.points[i*dim:(i+1)*dim]...), l.labels[i]
	}
	return x1, class
}

// Sample draws n of the points with replacement for metrics, row-major, shape
// [n, Dim()]; Labels has their labels. It panics if n is negative.
func (l *LabelledPoints) Sample(seed uint64, n int) []float32 { return l.points.Sample(seed, n) }

// Labels are the labels of the points of Sample and Points.
func (l *LabelledPoints) Labels(seed uint64, n int) []int {
	_, class := l.batch(rand.New(rand.NewPCG(seed, toyStream)), n)
	return class
}

// Points is the first two coordinates of Sample, in the form that figures
// take; the second is 0 where Dim() is 1.
func (l *LabelledPoints) Points(seed uint64, n int) [][2]float64 { return l.points.Points(seed, n) }

// asCond is labels as a network's condition takes them.
func asCond(class []int) []float32 {
	cond := make([]float32, len(class))
	for i, k := range class {
		cond[i] = float32(k)
	}
	return cond
}

package datasets

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// An Empirical is the empirical distribution of given points: each draw takes
// one of them, all equally likely. Make one with FromPoints.
type Empirical struct {
	name   string
	dim    int
	points []float32
	id     string
}

// FromPoints makes a source of minibatches out of your own data: points is
// row-major, shape [n, dim], and is copied. It is an error if name is empty,
// dim is below 1, points is empty or not a whole number of rows, or a value is
// NaN or infinite.
func FromPoints(name string, points []float32, dim int) (*Empirical, error) {
	switch {
	case name == "":
		return nil, fmt.Errorf("datasets: FromPoints: the name is empty; give the data a name")
	case dim < 1:
		return nil, fmt.Errorf("datasets: %s: dim is %d; a point has 1 or more coordinates", name, dim)
	case len(points) == 0:
		return nil, fmt.Errorf("datasets: %s: there are no points; give 1 row or more", name)
	case len(points)%dim != 0:
		return nil, fmt.Errorf("datasets: %s: %d values are not whole rows of %d; the last row has %d",
			name, len(points), dim, len(points)%dim)
	}
	for i, v := range points {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("datasets: %s: row %d, column %d (counted from 0) is %v; remove or mend that row",
				name, i/dim, i%dim, v)
		}
	}
	return &Empirical{name: name, dim: dim, points: slices.Clone(points), id: contentID(name, points, dim)}, nil
}

// MustFromPoints is FromPoints for notebooks: an error prints one line and
// ends the program.
func MustFromPoints(name string, points []float32, dim int) *Empirical {
	return must(FromPoints(name, points, dim))
}

// contentID is the name with the first 16 hexadecimal digits of the SHA-256 of
// dim (8 bytes) and the points, little-endian.
func contentID(name string, points []float32, dim int) string {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, 8+4*len(points)), uint64(dim))
	for _, v := range points {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	sum := sha256.Sum256(b)
	return name + "-" + hex.EncodeToString(sum[:8])
}

// Name is the name given to FromPoints.
func (e *Empirical) Name() string { return e.name }

// ID identifies the data when an experiment is hashed: the name and a hash of
// the content, so that changed data make another experiment.
func (e *Empirical) ID() string { return e.id }

// Dim is the number of coordinates of a point.
func (e *Empirical) Dim() int { return e.dim }

// Len is the number of points given.
func (e *Empirical) Len() int { return len(e.points) / e.dim }

// Batch draws n of the points with replacement: x1 is row-major, shape
// [n, Dim()]; x0 and cond are nil. It panics if n is negative or rng is nil.
func (e *Empirical) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	checkDraw(e.name, rng, n)
	x1 = make([]float32, 0, n*e.dim)
	for range n {
		i := rng.IntN(e.Len()) * e.dim
		x1 = append(x1, e.points[i:i+e.dim]...)
	}
	return nil, x1, nil
}

// Sample draws n of the points with replacement for metrics, row-major, shape
// [n, Dim()]; the same seed gives the same points. It panics if n is negative.
func (e *Empirical) Sample(seed uint64, n int) []float32 {
	_, x1, _ := e.Batch(rand.New(rand.NewPCG(seed, toyStream)), n)
	return x1
}

// Points is the first two coordinates of Sample, in the form that figures
// take; the second is 0 where Dim() is 1.
func (e *Empirical) Points(seed uint64, n int) [][2]float64 {
	x := e.Sample(seed, n)
	p := make([][2]float64, n)
	for i := range p {
		for j := range min(e.dim, 2) {
			p[i][j] = float64(x[i*e.dim+j])
		}
	}
	return p
}

// MarshalText gives the ID, so that the data show in a JSON file as it.
func (e *Empirical) MarshalText() ([]byte, error) { return []byte(e.id), nil }

package datasets

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
)

// A Toy is one of the 2-D distributions of this package. It is a small
// comparable value; in JSON it is its name. The zero Toy is EightGaussians.
type Toy struct{ kind int }

// toys lists the distributions; a Toy is an index into it. A new toy goes to
// the end.
var toys = []struct {
	name    string
	classes int // components of the mixture, equally likely
	draw    func(rng *rand.Rand) (x, y float64, class int)
}{
	{"8gaussians", 8, drawEightGaussians},
	{"checkerboard", 8, drawCheckerboard},
	{"moons", 2, drawMoons},
	{"pinwheel", 5, drawPinwheel},
	{"2spirals", 2, drawTwoSpirals},
	{"swissroll", 1, drawSwissRoll},
	{"rings", 4, drawRings},
	{"circles", 2, drawCircles},
	{"8gaussians-ffjord", 8, drawEightGaussiansFFJORD},
	{"moons-ffjord", 2, drawMoonsFFJORD},
}

// toyStream is the PCG stream of Sample and Points ("toys" in ASCII): another
// than the streams of training, so that a seed may be used for both.
const toyStream = 0x746f7973

// Names lists the names that ByName knows.
func Names() []string {
	names := make([]string, len(toys))
	for i, t := range toys {
		names[i] = t.name
	}
	return names
}

// ByName finds a toy by its name, as listed by Names.
func ByName(name string) (Toy, error) {
	for i, t := range toys {
		if t.name == name {
			return Toy{i}, nil
		}
	}
	return Toy{}, fmt.Errorf("datasets: there is no data set %q; the names are %s", name, strings.Join(Names(), ", "))
}

// MustByName is ByName for notebooks: an unknown name prints one line and ends
// the program.
func MustByName(name string) Toy { return must(ByName(name)) }

// Name is the toy's name, as ByName takes it.
func (t Toy) Name() string { return toys[t.kind].name }

// ID identifies the distribution when an experiment is hashed: the name.
func (t Toy) ID() string { return t.Name() }

// String is the toy's name.
func (t Toy) String() string { return t.Name() }

// Dim is 2.
func (t Toy) Dim() int { return 2 }

// Batch draws n independent points from rng: x1 is row-major, shape [n, 2]; x0
// and cond are nil. It panics if n is negative or rng is nil.
func (t Toy) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	x1, _ = t.batch(rng, n)
	return nil, x1, nil
}

// batch draws n points, and the component that each is drawn from.
func (t Toy) batch(rng *rand.Rand, n int) (x1 []float32, class []int) {
	checkDraw(t.Name(), rng, n)
	draw := toys[t.kind].draw
	x1, class = make([]float32, 2*n), make([]int, n)
	for i := range class {
		x, y, k := draw(rng)
		x1[2*i], x1[2*i+1], class[i] = float32(x), float32(y), k
	}
	return x1, class
}

// Sample draws n points for metrics, row-major, shape [n, 2]. The same seed
// gives the same points, and a larger n begins with the points of a smaller
// one. It panics if n is negative.
func (t Toy) Sample(seed uint64, n int) []float32 {
	_, x1, _ := t.Batch(rand.New(rand.NewPCG(seed, toyStream)), n)
	return x1
}

// Points draws the points of Sample in the form that figures take, before
// they are rounded to float32. It panics if n is negative.
func (t Toy) Points(seed uint64, n int) [][2]float64 {
	rng := rand.New(rand.NewPCG(seed, toyStream))
	checkDraw(t.Name(), rng, n)
	p := make([][2]float64, n)
	for i := range p {
		p[i][0], p[i][1], _ = toys[t.kind].draw(rng)
	}
	return p
}

// MarshalText gives the toy's name, so that a Toy in a JSON file reads as it.
func (t Toy) MarshalText() ([]byte, error) { return []byte(t.Name()), nil }

// UnmarshalText sets the toy from its name.
func (t *Toy) UnmarshalText(name []byte) error {
	found, err := ByName(string(name))
	if err == nil {
		*t = found
	}
	return err
}

// checkDraw panics with one line if n points cannot be drawn from rng: a
// programming error, as in gonum, not a condition to handle.
func checkDraw(name string, rng *rand.Rand, n int) {
	if n < 0 {
		panic(fmt.Sprintf("datasets: %s: cannot draw %d points; n must be 0 or more", name, n))
	}
	if rng == nil {
		panic(fmt.Sprintf("datasets: %s: the random generator is nil; make one with rand.New(rand.NewPCG(seed, stream))", name))
	}
}

// must ends the program with err's one line, without a stack.
func must[T any](v T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return v
}

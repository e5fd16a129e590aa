package feature

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/checkpoint"
)

// inceptionReference is what testdata/inception.py writes.
type inceptionReference struct {
	Resized        []float32
	Shapes         map[string][]int
	Features, Grey [][]float32
}

// formula is numbers in [-1, 1) of testdata/inception.py.
func formula(name string, n int) []float32 {
	out, crc := make([]float32, n), crc32.ChecksumIEEE([]byte(name))
	for i := range out {
		h := uint32(i)*2654435761 + crc
		h ^= h >> 15
		h *= 0x85EBCA6B
		h ^= h >> 13
		out[i] = float32(float64(h)/(1<<31) - 1)
	}
	return out
}

// weights are those of testdata/inception.py.
func (r inceptionReference) weights() (list []checkpoint.Tensor) {
	for name, shape := range r.Shapes {
		n, fan := 1, 1
		for i, d := range shape {
			n *= d
			if i > 0 {
				fan *= d
			}
		}
		values := formula(name, n)
		for i, v := range values {
			switch name[strings.LastIndex(name, ".")+1:] {
			case "running_mean", "bias":
				v *= .1
			case "running_var":
				v = 1 + .5*v
			case "weight":
				if len(shape) == 4 {
					v *= float32(math.Sqrt(6 / float64(fan)))
				} else {
					v = 1 + .2*v
				}
			}
			values[i] = v
		}
		list = append(list, checkpoint.New(name, values, shape...))
	}
	return list
}

func readInception(t testing.TB) (r inceptionReference) {
	t.Helper()
	data, err := os.ReadFile("testdata/inception.json")
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Images of 20 x 24 pixels are brought to 75 x 75 as PyTorch does, and described as PyTorch does with the same weights.
func TestInceptionIsPyTorchs(t *testing.T) {
	r := readInception(t)
	weights, x := r.weights(), formula("images", 2*20*24*3)
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	small, err := ExecOnce(backend, func(x *Node) *Node { return resized(x, 75) }, tensors.FromFlatDataAndDimensions(x, 2, 20, 24, 3))
	if err != nil {
		t.Fatal(err)
	}
	flat, err := tensors.CopyFlatData[float32](small)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range r.Resized {
		i, j := k/9*9, k%9*9
		if got := flat[(i*75+j)*3+1]; math.Abs(float64(got-want)) > 1e-5 {
			t.Errorf("resized, pixel %d, %d: %g, want %g", i, j, got, want)
		}
	}
	var grey []float32
	for i := 0; i < len(x); i += 3 {
		grey = append(grey, x[i])
	}
	for _, c := range []struct {
		what   string
		shape  [3]int
		images []float32
		want   [][]float32
	}{{"colours", [3]int{20, 24, 3}, x, r.Features}, {"grey", [3]int{20, 24, 1}, grey, r.Grey}} {
		p, err := newInception(weights, c.shape, 75)
		if err != nil {
			t.Fatal(err)
		}
		p.batch = 2
		got, err := p.run(c.images)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 2*inceptionSize {
			t.Fatalf("%s: %d features, want %d", c.what, len(got), 2*inceptionSize)
		}
		testInceptionPullBack(t, p, c.images)
		for i, row := range c.want {
			for k, want := range row {
				if v := got[i*inceptionSize+16*k]; math.Abs(float64(v-want)) > 1e-4*(1+math.Abs(float64(want))) {
					t.Fatalf("%s, image %d, feature %d: %g, want %g", c.what, i, 16*k, v, want)
				}
			}
		}
	}
}

// testInceptionPullBack compares J^T b with finite differences of the features of two images, along a line.
func testInceptionPullBack(t *testing.T, p *program, x []float32) {
	t.Helper()
	b, along := formula("b", 2*inceptionSize), formula("along", len(x))
	back, err := p.pullBack(x, b, inceptionSize)
	if _, info, _ := idffnb.Backend(); info.Name == "go" {
		if err == nil || !strings.Contains(err.Error(), "not implemented") || strings.Contains(err.Error(), "\n") {
			t.Errorf("in pure Go the error is %v, want one line that says what is not implemented; if it is now, test it", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	const h = 3e-4
	at := func(by float32) (sum float64) {
		moved := slices.Clone(x)
		for i, v := range along {
			moved[i] += by * v
		}
		f, err := p.run(moved)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range f {
			sum += float64(v) * float64(b[k])
		}
		return sum
	}
	got, want := 0., (at(h)-at(-h))/(2*h)
	for i, v := range along {
		got += float64(v) * float64(back[i])
	}
	if math.Abs(got-want) > .1*math.Abs(want) { // ReLUs bend within the difference, and float32 rounds it (.01 and .05 here)
		t.Errorf("the derivative of Inception's features along a line is %g, by differences %g", got, want)
	}
}

// A file that is none, lacks a weight or has one of another shape is refused in one line that says so.
func TestInceptionRefuses(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	first := checkpoint.New("Conv2d_1a_3x3.conv.weight", make([]float32, 32*27), 32, 3, 3, 3)
	narrow := checkpoint.New("Conv2d_1a_3x3.conv.weight", make([]float32, 27), 1, 3, 3, 3)
	for _, c := range []struct {
		weights []checkpoint.Tensor
		want    string
	}{{[]checkpoint.Tensor{first}, "the weights lack Conv2d_1a_3x3.bn."}, {[]checkpoint.Tensor{narrow}, "Conv2d_1a_3x3.conv.weight has shape [1 3 3 3], want [32 3 3 3]"}} {
		path := filepath.Join(t.TempDir(), "w.safetensors")
		if err := checkpoint.Write(path, c.weights, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenInception(path, [3]int{28, 28, 1}); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one line with %q", err, c.want)
		}
	}
	if _, err := OpenInception(filepath.Join(t.TempDir(), "absent.pth"), [3]int{28, 28, 1}); err == nil || !strings.Contains(err.Error(), "Inception-v3") {
		t.Errorf("no file: error %v", err)
	}
	if _, err := OpenInception("w.pth", [3]int{28, 28, 2}); err == nil || !strings.Contains(err.Error(), "1 or 3 channels") {
		t.Errorf("two channels: error %v", err)
	}
}

// Only FID's own weights, which have 1008 classes, give scores the plain name; torchvision's, which have the same names and shapes up to their 1000 classes, and those whose classes are not there are named after the file.
func TestInceptionsNames(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	ids := map[string]bool{}
	for classes, want := range map[int]string{1008: "FID", 1000: "FID, Inception-v3 of w1000.safetensors", 0: "FID, Inception-v3 of w0.safetensors"} {
		weights := []checkpoint.Tensor{checkpoint.New("Conv2d_1a_3x3.conv.weight", make([]float32, 32*27), 32, 3, 3, 3)} // the others make no difference to the name
		if classes > 0 {
			weights = append(weights, checkpoint.New("fc.weight", make([]float32, classes*inceptionSize), classes, inceptionSize), checkpoint.New("fc.bias", make([]float32, classes), classes))
		}
		path := filepath.Join(t.TempDir(), fmt.Sprintf("w%d.safetensors", classes))
		if err := checkpoint.Write(path, weights, nil); err != nil {
			t.Fatal(err)
		}
		i, err := readInceptionFile(path, [3]int{20, 24, 3})
		if err != nil {
			t.Fatal(err)
		}
		if got := Scores(i)[0]; got != want {
			t.Errorf("with %d classes the first score is %q, want %q", classes, got, want)
		}
		if ids[i.ID()] || filepath.Dir(i.Dir()) != idffnb.Root() {
			t.Errorf("with %d classes the ID is %s, and the folder %s", classes, i.ID(), i.Dir())
		}
		ids[i.ID()] = true
	}
}

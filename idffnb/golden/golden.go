// Package golden reads the reference values that the tests of idffnb compare with: arrays computed with PyTorch, TorchCFM and
// torchdiffeq, described in testdata/README.md with the versions that made them. Only tests import it.
//
//	x := golden.Array(t, "2d/8gaussians/x")                   // float32 values and their shape
//	store := golden.Store(t, "8gaussians")                    // the reference network's weights
//	golden.CheckUNet(t, backend, "plain", false)              // a U-Net and its gradients (net/testdata)
//	golden.Compare(t, "pred", got, want.Data, 5*tolerance)    // fails beyond the largest difference allowed
package golden

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/sbinet/npyio/npy"
)

// Values is an array of the reference, row-major.
type Values struct {
	Shape []int
	Data  []float32
}

// Rows returns the values of block i along the first axis.
func (v Values) Rows(i int) []float32 {
	size := len(v.Data) / v.Shape[0]
	return v.Data[i*size : (i+1)*size]
}

func file(name string) string {
	_, self, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(self), "testdata", name)
}

// Array reads the float32 array of that name.
func Array(t testing.TB, name string) Values {
	t.Helper()
	var v Values
	v.Shape = read(t, name, &v.Data)
	return v
}

// Mask reads the array of bytes of that name and tells which are not zero.
func Mask(t testing.TB, name string) []bool {
	t.Helper()
	var bytes []uint8
	read(t, name, &bytes)
	mask := make([]bool, len(bytes))
	for i, b := range bytes {
		mask[i] = b != 0
	}
	return mask
}

func read(t testing.TB, name string, data any) (shape []int) {
	t.Helper()
	f, err := os.Open(file(name + ".npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	r, err := npy.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := r.Read(data); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r.Header.Descr.Shape
}

// JSON decodes a JSON file of the reference into v.
func JSON(t testing.TB, name string, v any) {
	t.Helper()
	data, err := os.ReadFile(file(name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// Parameters are the tensors of the reference MLP, in the order of its state dict.
func Parameters() []string {
	return []string{"net.0.weight", "net.0.bias", "net.2.weight", "net.2.bias", "net.4.weight", "net.4.bias", "net.6.weight", "net.6.bias"}
}

// VariablePath is where a net.MLP keeps a parameter: "net.0.weight" is the variable "/net.0/weight".
func VariablePath(parameter string) string {
	return "/" + parameter[:len("net.0")] + "/" + parameter[len("net.0."):]
}

// Store returns a store that holds the reference network of a data set ("8gaussians", "checkerboard") as net.MLP{} names it.
func Store(t testing.TB, dataset string) *model.Store {
	t.Helper()
	store := model.NewStore()
	for _, name := range Parameters() {
		v := Array(t, "weights/"+dataset+"/"+name)
		if _, err := store.CreateVariable(VariablePath(name), tensors.FromFlatDataAndDimensions(v.Data, v.Shape...)); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// Compare fails the test if any value differs from the reference by more than the tolerance, or is not a number. Values where
// skip is true are left out; skip may be nil.
func Compare(t testing.TB, what string, got, want []float32, tolerance float64, skip []bool) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	worst, at, compared := 0., -1, 0
	for i := range got {
		if skip != nil && skip[i] {
			continue
		}
		compared++
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= worst) {
			worst, at = d, i
		}
	}
	if compared == 0 {
		t.Fatalf("%s: nothing compared", what)
	}
	if !(worst <= tolerance) {
		t.Errorf("%s: value %d is %g, want %g: differs by %.3g, more than %.3g", what, at, got[at], want[at], worst, tolerance)
	}
}

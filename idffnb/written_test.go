package idffnb

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Samples with their labels, drawn in parts and written, as docs/scores.md has it, are those samples when they are read again.
func TestSamplesAreWritten(t *testing.T) {
	r := mustOpen(t, unetExperiment(t))
	r.backend = backends(t)["go"]
	trainTo(t, r, 2)
	t.Setenv(datasets.DataVariable, t.TempDir())
	var all []float32
	draw := func(from int) (x, labels []float32) {
		s, err := r.Sample(3, flow.CFM(), solver.Euler(2), WithSeed(uint64(from)), Unkept())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s.X...)
		return s.X, s.Cond
	}
	dir := filepath.Join(t.TempDir(), "out")
	for _, path := range []string{dir + ".npz", dir} {
		all = nil
		if err := datasets.WriteImages(path, 5, squares{}.Shape(), draw); err != nil {
			t.Fatal(err)
		}
	}
	m, err := datasets.ReadImageFolder("written", dir, datasets.Crop{Cut: 4})
	if err != nil || m.Len() != 5 {
		t.Fatal(m, err)
	}
	defer m.Close() //nolint:errcheck // only read
	for i := range m.Len() {
		x, err := m.At(i)
		if err != nil {
			t.Fatal(err)
		}
		for k := range 16 {
			if want := min(max(all[16*i+k], -1), 1); math.Abs(float64(x[3*k]-want)) > 1./255+1e-6 || x[3*k] != x[3*k+2] {
				t.Fatalf("value %d of sample %d is read as %v, want %g", k, i, x[3*k:3*k+3], want)
			}
		}
	}
}

package idffnb

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

func TestPrecisionNames(t *testing.T) {
	for text, want := range map[string]Precision{"": Float32, "float32": Float32, "tf32": TF32, "bf16": BF16} {
		if p, err := precisionOf(text); p != want || err != nil {
			t.Errorf("%s=%q is %q, %v, want %q", precisionVariable, text, p, err, want)
		}
	}
	_, err := precisionOf("fp16")
	expectLine(t, "unknown name", err, `IDFF_PRECISION="fp16" is no precision; valid names: float32, tf32, bf16`)
}

// TestPrecisionWhereItIs: what a backend cannot do it refuses, rather than computing in another precision.
func TestPrecisionWhereItIs(t *testing.T) {
	t.Setenv(precisionVariable, "bf16")
	_, _, err := chooseBackend("go")
	expectLine(t, "bf16 in pure Go", err, "IDFF_PRECISION=bf16 needs XLA: pure Go computes in float32")
	if xlaPlugin("cpu") != "" {
		t.Setenv(precisionVariable, "tf32")
		_, _, err = chooseBackend("xla:cpu")
		expectLine(t, "tf32 on the CPU", err, "CUDA's tensor cores: XLA on the CPU computes in float32 or bf16")
	}
}

// openOn is mustOpen on a backend of the test's own.
func openOn(t testing.TB, e Experiment, backend compute.Backend, info BackendInfo) *Run {
	t.Helper()
	r, err := e.on(backend, info)
	if err == nil {
		err = r.load()
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestBF16: a run in bfloat16 is another run; its weights start as those in float32; one sampling of the two differs, by no more than what rounding to 8 bits explains.
func TestBF16(t *testing.T) {
	if xlaPlugin("cpu") == "" {
		t.Skip("no XLA plugin: bfloat16 needs it")
	}
	e := small(t)
	e.Steps = 20
	draw := func(precision string) (*Run, []float32) {
		t.Setenv(precisionVariable, precision)
		backend, info, err := chooseBackend("xla:cpu")
		if err != nil {
			t.Fatal(err)
		}
		if precision == "bf16" && !strings.Contains(info.String(), "matrix products in bf16") {
			t.Errorf("the backend is %q: it should say bf16", info)
		}
		r := openOn(t, e, backend, info)
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		out, err := r.Sample(64, flow.IDFF(.5, -.1), solver.Midpoint(1))
		if err != nil {
			t.Fatal(err)
		}
		return r, out.X
	}
	full, a := draw("")
	half, b := draw("bf16")
	if full.Dir == half.Dir {
		t.Errorf("runs in float32 and in bfloat16 have the same folder %s", full.Dir)
	}
	worst := 0.
	for i := range a {
		worst = max(worst, math.Abs(float64(a[i]-b[i])))
	}
	if worst == 0 || worst > .3 {
		t.Errorf("samples in bfloat16 differ by %g from those in float32, want more than 0 and at most .3", worst)
	}
}

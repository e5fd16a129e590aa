package datasets

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGenerator runs the generator's own check: short simulations of both kinds,
// twice, whose geometry and equality bit for bit it looks at. It needs OpenMM.
func TestGenerator(t *testing.T) {
	python := filepath.Join("..", ".nb", "polyala", "bin", "python")
	if _, err := exec.LookPath(python); err != nil {
		t.Skip("OpenMM is not installed; make polyala POLYALA=check installs it")
	}
	if testing.Short() {
		t.Skip("takes 10 seconds")
	}
	if out, err := exec.Command(python, filepath.Join("polyala", "gen_polyala.py"), "check").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

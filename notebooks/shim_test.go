package notebooks

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestShim runs the shim that stands in front of Go when a cell is built, with echo in the place of Go.
func TestShim(t *testing.T) {
	now := time.Now().Unix()
	for _, test := range []struct {
		name   string
		args   []string
		failed int64 // when a cell noted a failure; 0: none did
		want   string
		refuse bool
	}{
		{"build", []string{"build", "-o", "x"}, 0, "build -o x\n", false},
		{"get is left out", []string{"get"}, 0, "", false},
		{"queued behind a failure", []string{"build", "-o", "x"}, now, "not run: the cell before it failed", true},
		{"a while after a failure", []string{"build", "-o", "x"}, now - 60, "build -o x\n", false},
		{"other commands after a failure", []string{"env"}, now, "env\n", false},
	} {
		note := filepath.Join(t.TempDir(), "failed")
		if test.failed != 0 {
			if err := os.WriteFile(note, fmt.Appendln(nil, test.failed), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command("sh", append([]string{"kernel/shim/go"}, test.args...)...)
		cmd.Env = append(os.Environ(), "GONB_REAL_GO=echo", "IDFF_CELL_FAILED="+note)
		out, err := cmd.CombinedOutput()
		if (err != nil) != test.refuse || !strings.HasPrefix(string(out), test.want) || (test.want == "" && len(out) > 0) {
			t.Errorf("%s: %q, %v; want %q, refused: %v", test.name, out, err, test.want, test.refuse)
		}
	}
}

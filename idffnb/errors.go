package idffnb

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gomlx/gomlx/support/exceptions"
)

// firstLine is an error's text without the stack trace that GoMLX's errors print.
func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// plain is firstLine without what GoMLX puts before the panic of a function that builds a graph: the names of its own functions.
func plain(err error) string {
	text := firstLine(err)
	if _, cause, found := strings.Cut(text, " panicked: "); found {
		before, _, _ := strings.Cut(text, "failed during graph construction")
		return before + cause
	}
	return text
}

// tryGraph calls a function that builds or runs graphs, and turns a panic into an error of one line.
func tryGraph(what string, f func() error) error {
	var err error
	if caught := exceptions.TryCatch[error](func() { err = f() }); caught != nil {
		err = caught
	}
	switch {
	case err == nil:
		return nil
	case outOfMemory(err):
		text := plain(err)
		if _, xla, found := strings.Cut(text, "PJRT error "); found {
			text = xla
		}
		return fmt.Errorf("idffnb: %s: the device's memory is full (%s): take a smaller batch or fewer points at a time, or free what other programs hold (on a GPU, nvidia-smi lists them)", what, text)
	}
	return fmt.Errorf("idffnb: %s: %s", what, plain(err))
}

// outOfMemory tells whether the error says that the device had no memory left, in XLA's words or CUDA's.
func outOfMemory(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "resource_exhausted") || strings.Contains(text, "out of memory") || strings.Contains(text, "out_of_memory")
}

// ofSize adds to an error that says that the device's memory is full what was computed there, e.g. "a batch of 256".
func ofSize(err error, format string, n int) error {
	if err == nil || !outOfMemory(err) {
		return err
	}
	return fmt.Errorf("%w; this was "+format, err, n)
}

// exit ends the program; tests replace it.
var exit = func(code int) { os.Exit(code) }

// Must does nothing for nil. With an error it does what the Must forms do, for those of other packages and for cells: it prints the error's first line to
// stderr, no stack, and ends the program, that is, the cell; the notebook's kernel then does not run the cells queued behind it.
func Must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, firstLine(err))
		noteFailure()
		exit(1)
	}
}

// noteFailure tells the notebook's kernel when a cell failed, in the file that IDFF_CELL_FAILED names, so that the cells queued behind
// it are not run. Elsewhere there is no such variable, and a note that cannot be written changes nothing else.
func noteFailure() {
	if path := os.Getenv("IDFF_CELL_FAILED"); path != "" {
		_ = os.WriteFile(path, fmt.Appendln(nil, time.Now().Unix()), 0o666)
	}
}

package idffnb

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/idff-go/workbench/idffnb/internal/graphs"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/internal/errtext"
)

// firstLine is an error's text without the stack trace that GoMLX's errors print.
func firstLine(err error) string { return graphs.FirstLine(err) }

// inner is an error that is wrapped in one of this package: one line, without this package's prefix, which the whole has already.
func inner(err error) error { return errtext.Inner("idffnb: ", err) }

// also is an error and the one that came after it, in one line, where there are both.
func also(err, next error) error {
	if err == nil || next == nil {
		return cmp.Or(err, next)
	}
	return fmt.Errorf("%w; %w", err, inner(next))
}

// load is what a program computes at once, for the error of a device whose memory is full.
type load = graphs.Load

// tryGraph calls a function that builds, compiles or runs graphs, and turns an error or a panic into an error of one line, which names the load where the device's memory is full.
func tryGraph(what string, at load, f func() error) error {
	if err := graphs.Try(what, at, f); err != nil {
		return fmt.Errorf("idffnb: %w", inner(err))
	}
	return nil
}

// load is that of a training step.
func (e Experiment) load() load {
	l := load{Of: fmt.Sprintf("a batch of %d", e.Batch), Less: "take a smaller Batch, or cut it into parts (Accumulate)"}
	if e.parts() > 1 {
		l = load{Of: fmt.Sprintf("%s in %d parts", l.Of, e.parts()), Less: "take a smaller Batch, or more parts (Accumulate)"}
	}
	if u, ok := e.Net.(net.UNet); ok && !u.Remat {
		l.Less += ", or set the network's Remat"
	}
	return l
}

// elsewhere adds what to do to the error of a folder of runs that may not be written, such as one that others share.
func elsewhere(err error) error {
	if unwritable(err) || errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%w; set IDFF_RUNS to a folder that you may write in, with a copy of the runs that are to go on", err)
	}
	return err
}

func unwritable(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// notKept is the error of a result that the folder of a run could not keep. Where the folder may not be written it is nil, since runs that others share are there to be sampled: the result stands, and a line
// says, once in a program, what is not kept and what to do.
func notKept(name, what string, err error) error {
	if err == nil {
		return nil
	}
	said := fmt.Errorf("idffnb: %s: %s not kept: %w", name, what, elsewhere(err))
	if !unwritable(err) {
		return said
	}
	if _, before := saidNotKept.LoadOrStore(name+"\n"+what, true); !before {
		fmt.Fprintln(os.Stderr, said)
	}
	return nil
}

var saidNotKept sync.Map

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

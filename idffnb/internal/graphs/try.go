// Package graphs has what the packages that build and run graphs share.
package graphs

import (
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/support/exceptions"
)

// Load is what a program computes at once, in the words of an error on a device whose memory is full.
type Load struct {
	Of   string // e.g. "a batch of 256"; "" where memory does not depend on a number
	Less string // what takes less, e.g. "take a smaller Batch"; "" where nothing does
}

// Points is so many of what the format says, e.g. "a sampling of %d points".
func Points(format string, n int) Load {
	return Load{fmt.Sprintf(format, n), "take fewer points at a time"}
}

// Try calls a function that builds, compiles or runs graphs, and turns its error, or its panic with one, into an error of one line that wraps it: what it was, and what was wrong. Where the device's memory is full it says at which load, and what to do.
func Try(what string, at Load, f func() error) error {
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
		if at.Of != "" {
			at.Of = " at " + at.Of
		}
		if at.Less != "" {
			at.Less += ", or "
		}
		return line{fmt.Sprintf("%s: the device's memory is full (%s)%s: %sfree what other programs hold (on a GPU, nvidia-smi lists them)", what, text, at.Of, at.Less), err}
	}
	return line{fmt.Sprintf("%s: %s", what, plain(err)), err}
}

// line is an error of one line for one whose text has more, and which errors.Is and errors.As find in it.
type line struct {
	text  string
	cause error
}

func (l line) Error() string { return l.text }
func (l line) Unwrap() error { return l.cause }

// FirstLine is an error's text without the stack trace that GoMLX's errors print.
func FirstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// plain is FirstLine without what GoMLX puts before the panic of a function that builds a graph: the names of its own functions.
func plain(err error) string {
	text := FirstLine(err)
	if _, cause, found := strings.Cut(text, " panicked: "); found {
		before, _, _ := strings.Cut(text, "failed during graph construction")
		return before + cause
	}
	return text
}

// outOfMemory tells whether the error says that the device had no memory left, in XLA's words or CUDA's.
func outOfMemory(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "resource_exhausted") || strings.Contains(text, "out of memory") || strings.Contains(text, "out_of_memory")
}

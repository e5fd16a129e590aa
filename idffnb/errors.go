package idffnb

import (
	"fmt"
	"os"
	"strings"

	"github.com/gomlx/gomlx/support/exceptions"
)

// firstLine is an error's text without the stack trace that GoMLX's errors print.
func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// tryGraph calls a function that builds or runs graphs, and turns a panic into an error of one line.
func tryGraph(what string, f func() error) error {
	var err error
	if caught := exceptions.TryCatch[error](func() { err = f() }); caught != nil {
		err = caught
	}
	if err != nil {
		return fmt.Errorf("idffnb: %s: %s", what, firstLine(err))
	}
	return nil
}

// exit ends the program; tests replace it.
var exit = func(code int) { os.Exit(code) }

// must is what the Must forms do with an error: print one line, no stack, and end the cell.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, firstLine(err))
		exit(1)
	}
}

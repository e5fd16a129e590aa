// Package errtext has what the packages share that wrap errors of their own in longer ones.
package errtext

import "strings"

// Inner is an error as part of another that has the prefix already, such as "idffnb: ": it is left out wherever it stands in the text, and the text becomes one line.
// errors.Is and errors.As find the error in it.
func Inner(prefix string, err error) error {
	text := strings.ReplaceAll(strings.ReplaceAll(err.Error(), prefix, ""), "\n", "; ")
	if text == err.Error() {
		return err
	}
	return inner{text, err}
}

type inner struct {
	text  string
	cause error
}

func (i inner) Error() string { return i.text }
func (i inner) Unwrap() error { return i.cause }

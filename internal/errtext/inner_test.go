package errtext

import (
	"errors"
	"fmt"
	"testing"
)

// TestInner: the text is one line without the prefix, and the error is found in it.
func TestInner(t *testing.T) {
	mine := errors.New("mine\nmore")
	for _, tc := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("idffnb: a: data of idffnb: %w", mine), "a: data of mine; more"},
		{mine, "mine; more"},
		{errors.New("solver: x"), "solver: x"},
	} {
		if err := Inner("idffnb: ", tc.err); err.Error() != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%q, want %q", err, tc.want)
		}
	}
}

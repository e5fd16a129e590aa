package main

import (
	"fmt"
	"testing"
)

// TestSettings: peers are tried with glibc as it comes, and as it is set where it is; PyTorch with each policy of waiting too, unless none may spin.
func TestSettings(t *testing.T) {
	for _, tc := range []struct {
		library, set string
		rest         bool
		want         string
	}{
		{jax, "", true, "[[{glibc as it comes GLIBC_TUNABLES=}]]"},
		{jax, "x=1", true, "[[{glibc as it comes GLIBC_TUNABLES=}] [{glibc as in cells GLIBC_TUNABLES=x=1}]]"},
		{torch, "", false, "[[{glibc as it comes GLIBC_TUNABLES=} {OMP_WAIT_POLICY passive OMP_WAIT_POLICY=passive}]]"},
		{torch, "", true, "[[{glibc as it comes GLIBC_TUNABLES=} {OMP_WAIT_POLICY passive OMP_WAIT_POLICY=passive}] [{glibc as it comes GLIBC_TUNABLES=} {OMP_WAIT_POLICY active OMP_WAIT_POLICY=active}]]"},
	} {
		t.Setenv("GLIBC_TUNABLES", tc.set)
		if got := fmt.Sprint(settings(tc.library, tc.rest)); got != tc.want {
			t.Errorf("%s, GLIBC_TUNABLES=%q, rest %t: %s, want %s", tc.library, tc.set, tc.rest, got, tc.want)
		}
	}
}

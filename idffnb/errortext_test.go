package idffnb

import (
	"regexp"
	"strings"
	"testing"
)

// packagePrefix is what errors of the packages begin with.
var packagePrefix = regexp.MustCompile(`\b(idffnb|flow|solver|net|metric|plugin|checkpoint|ot|datasets|feature|unpickle|values|graphs): `)

// checkText fails unless the error is one line, in which no package's prefix stands twice.
func checkText(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	text, seen := err.Error(), map[string]bool{}
	for _, prefix := range packagePrefix.FindAllString(text, -1) {
		if seen[prefix] {
			t.Errorf("%q twice in: %s", prefix, text)
		}
		seen[prefix] = true
	}
	if strings.Contains(text, "\n") {
		t.Errorf("more than one line: %s", text)
	}
}

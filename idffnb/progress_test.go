package idffnb

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestProgressInTerminal(t *testing.T) {
	var out bytes.Buffer
	p := newProgress("board", 0, 100, nil)
	p.out, p.notebook = &out, false
	for step := 1; step <= 50; step++ {
		p.update(step)
	}
	if out.Len() != 0 {
		t.Errorf("a line within the first seconds: %q", out.String())
	}
	p.curve = []LossPoint{{50, 1.25}}
	p.shown = time.Now().Add(-time.Minute)
	p.update(50)
	line := out.String()
	for _, want := range []string{"board: step 50 of 100", "steps/s", "loss 1.25", "left"} {
		if !strings.Contains(line, want) || strings.Count(line, "\n") != 1 {
			t.Errorf("progress %q, want one line with %q", line, want)
		}
	}
}

// TestLossSVG keeps the picture small however long the training, and its values finite for a flat curve.
func TestLossSVG(t *testing.T) {
	if svg := lossSVG([]LossPoint{{10, 3}}); svg != "" {
		t.Errorf("a curve of one point was drawn: %s", svg)
	}
	var curve []LossPoint
	for i := range 100_000 {
		curve = append(curve, LossPoint{i, 2})
	}
	svg := lossSVG(curve)
	if len(svg) > 6000 || strings.Contains(svg, "NaN") || !strings.Contains(svg, "2 to 2") {
		t.Errorf("%d bytes of picture: %.200s", len(svg), svg)
	}
}

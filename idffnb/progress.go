package idffnb

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
)

// progress shows a training as it runs: in a notebook one display that is updated (bar, speed, time left, loss curve), elsewhere a line now and then.
type progress struct {
	title    string
	from     int // step it started from, then the first step done: the compiler's time is not that of a step
	total    int
	curve    []LossPoint
	id       string
	notebook bool
	out      io.Writer
	start    time.Time
	shown    time.Time
}

func newProgress(title string, from, total int, curve []LossPoint) *progress {
	return &progress{title: title, from: from, total: total, curve: curve, id: "train-" + gonbui.UniqueId(), notebook: gonbui.IsNotebook, out: os.Stderr, shown: time.Now()}
}

// update shows the state after a step, at most four times a second in a notebook and every five seconds elsewhere.
func (p *progress) update(step int) {
	if p.start.IsZero() {
		p.start, p.from = time.Now(), step
	}
	every := 5 * time.Second
	if p.notebook {
		every = time.Second / 4
	}
	if now := time.Now(); now.Sub(p.shown) >= every {
		p.shown = now
		p.show(step, "")
	}
}

// show shows the state after a step, with a note in place of the time left if there is one.
func (p *progress) show(step int, note string) {
	seconds := time.Since(p.start).Seconds()
	speed := float64(step-p.from) / max(seconds, 1e-9)
	if note == "" && step > p.from {
		note = "about " + (time.Duration(float64(p.total-step)/speed) * time.Second).String() + " left"
	}
	line := fmt.Sprintf("%s: step %d of %d", p.title, step, p.total)
	if step > p.from {
		line += fmt.Sprintf(", %.0f steps/s", speed)
	}
	if n := len(p.curve); n > 0 {
		line += fmt.Sprintf(", loss %.4g", p.curve[n-1].Loss)
	}
	if note != "" {
		line += ", " + note
	}
	if !p.notebook {
		_, _ = fmt.Fprintln(p.out, line) // a lost line of progress is no reason to stop
		return
	}
	done := 100 * float64(step) / float64(p.total)
	gonbui.UpdateHTML(p.id, fmt.Sprintf(`<div style="font:13px sans-serif">%s<div style="background:#ddd;width:480px;height:8px;margin:4px 0"><div style="background:#31688e;width:%.1f%%;height:8px"></div></div>%s</div>`,
		line, done, lossSVG(p.curve)))
}

// last shows the state at the end, and sees to it that it arrives.
func (p *progress) last(step int, note string) {
	p.show(step, note)
	if p.notebook {
		deliver()
	}
}

// lossSVG draws the loss curve, logarithmic in the loss, as a small picture without axes but with its first and last values.
func lossSVG(curve []LossPoint) string {
	const width, height, most = 480, 90, 240
	if len(curve) < 2 {
		return ""
	}
	// The mean of each of at most `most` stretches, so that the curve stays small however long the training.
	var steps, losses []float64
	stretch := (len(curve) + most - 1) / most
	for i := 0; i < len(curve); i += stretch {
		part := curve[i:min(i+stretch, len(curve))]
		sum := 0.
		for _, c := range part {
			sum += c.Loss
		}
		steps = append(steps, float64(part[len(part)-1].Step))
		losses = append(losses, math.Log(max(sum/float64(len(part)), 1e-12)))
	}
	low, high := losses[0], losses[0]
	for _, l := range losses {
		low, high = min(low, l), max(high, l)
	}
	var points strings.Builder
	for i, l := range losses {
		x := width * (steps[i] - steps[0]) / max(steps[len(steps)-1]-steps[0], 1)
		y := 4 + (height-8)*(high-l)/max(high-low, 1e-9)
		fmt.Fprintf(&points, "%.1f,%.1f ", x, y)
	}
	return fmt.Sprintf(`<svg width="%d" height="%d" style="background:#f7f7f7"><polyline fill="none" stroke="#31688e" points="%s"/>`+
		`<text x="%d" y="14" text-anchor="end" font-size="11" fill="#555">loss, log scale: %.3g to %.3g</text></svg>`,
		width, height, points.String(), width-4, math.Exp(high), math.Exp(low))
}

package idffnb

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
)

// Table is a Markdown table of the reports: the true cost beside mean and standard deviation of each metric over the seeds.
func Table(reports ...*Report) string {
	if len(reports) == 0 {
		return ""
	}
	var names []string
	for name := range reports[0].Scores {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString("| field | solver | steps | forwards | backwards | cost | seconds |")
	for _, name := range names {
		b.WriteString(" " + name + " |")
	}
	b.WriteString("\n|---|---|--:|--:|--:|--:|--:|" + strings.Repeat("--:|", len(names)) + "\n")
	for _, r := range reports {
		c := r.Cost
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %g | %.3f |", r.Field, r.Solver, c.Steps, c.Forwards, c.Backwards, c.Equivalents, c.Seconds)
		for _, name := range names {
			b.WriteString(" " + meanAndStd(r.Mean(name), r.Std(name)) + " |")
		}
		b.WriteString("\n")
	}
	first := reports[0]
	fmt.Fprintf(&b, "\n*%d points, seeds %d to %d, mean ± standard deviation; cost in forward-equivalents.*\n", first.N, first.Seeds[0], first.Seeds[len(first.Seeds)-1])
	return b.String()
}

// meanAndStd is "0.0123 ± 0.0004", without the deviation where there is none.
func meanAndStd(mean, std float64) string {
	if math.IsNaN(std) {
		return fmt.Sprintf("%.4f", mean)
	}
	return fmt.Sprintf("%.4f ± %.4f", mean, std)
}

// Show displays Markdown in a notebook, and prints it elsewhere.
func Show(markdown string) {
	if gonbui.IsNotebook {
		gonbui.DisplayMarkdown(markdown)
		deliver()
		return
	}
	fmt.Println(markdown)
}

// deliver waits until the notebook has taken what was displayed, ten seconds at most: GoNB stops listening when a cell's program
// ends, and what is still on its way is lost.
func deliver() {
	done := make(chan struct{})
	go func() {
		gonbui.Sync()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
	}
}

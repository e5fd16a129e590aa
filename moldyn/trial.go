package moldyn

import (
	"fmt"
	"math"
	"strings"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/metric"
)

// Trial is a comparison of entries on replicas that none of them has seen. Zero values are defaults.
type Trial struct {
	Held       *datasets.Angles // what is forecast
	Train      *datasets.Angles // what entries were trained on: where no residue ever was in it, none should be
	History    int              // frames that an entry is given; 0: 4
	Every      int              // frames from one start of a forecast to the next; 0: 12
	Ahead      int              // frames of a forecast; 0: 10
	Members    int              // of a forecast's ensemble; 0: 10
	FreeFrames int              // of a free run; 0: to the end of the replicas
	Seeds      []uint64         // nil: 0 to 4
}

// withDefaults fills in what was left out, and says in one line what is wrong.
func (t Trial) withDefaults() (Trial, error) {
	if t.Held == nil || t.Train == nil || t.Held.Replicas < 1 || t.Train.Replicas < 1 {
		return t, fmt.Errorf("moldyn: a trial needs replicas that are held out, and those that were trained on: see datasets.Angles.HoldOut")
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&t.History, 4}, {&t.Every, 12}, {&t.Ahead, 10}, {&t.Members, 10}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if t.FreeFrames == 0 {
		t.FreeFrames = t.Held.Frames - t.History
	}
	if t.Seeds == nil {
		t.Seeds = idffnb.Seeds(0, 4)
	}
	switch {
	case t.Held.Count != t.Train.Count:
		return t, fmt.Errorf("moldyn: %s has %d angles and %s has %d: they are not of one peptide", t.Held.Name(), t.Held.Count, t.Train.Name(), t.Train.Count)
	case t.Held.Interval > 0 && t.Train.Interval > 0 && math.Abs(t.Held.Interval-t.Train.Interval) > 1e-6*t.Held.Interval:
		return t, fmt.Errorf("moldyn: %s has a frame every %.4g ps and %s every %.4g ps: steps and rates of the one say nothing about the other", t.Held.Name(), t.Held.Interval, t.Train.Name(), t.Train.Interval)
	case t.History < 1 || t.Every < 1 || t.Ahead < 1 || t.Members < 2 || t.FreeFrames < 2 || len(t.Seeds) == 0:
		return t, fmt.Errorf("moldyn: a trial with history %d, every %d, %d frames ahead, %d members, %d free frames, %d seeds: want at least 1, 1, 1, 2, 2 and 1", t.History, t.Every, t.Ahead, t.Members, t.FreeFrames, len(t.Seeds))
	case t.History+max(t.Ahead, t.FreeFrames) > t.Held.Frames:
		return t, fmt.Errorf("moldyn: %d frames after a history of %d: the replicas of %s have %d in all", max(t.Ahead, t.FreeFrames), t.History, t.Held.Name(), t.Held.Frames)
	}
	return t, nil
}

// cases are starts in every held-out replica and the true frames after them: [n, History, angles] and, by frame, [n, angles].
func (t Trial) cases(every, ahead int) (starts []float32, truth [][]float32) {
	truth = make([][]float32, ahead)
	for r := range t.Held.Replicas {
		for k := t.History; k+ahead <= t.Held.Frames; k += every {
			for j := k - t.History; j < k; j++ {
				starts = append(starts, t.Held.Frame(r, j)...)
			}
			for h := range truth {
				truth[h] = append(truth[h], t.Held.Frame(r, k+h)...)
			}
		}
	}
	return starts, truth
}

// table is a Markdown table under construction, whose cells are means over seeds with their standard deviations.
type table struct{ strings.Builder }

func newTable(first string, columns ...string) *table {
	t := &table{}
	fmt.Fprintf(t, "| %s | %s |\n|---%s|\n", first, strings.Join(columns, " | "), strings.Repeat("|--:", len(columns)))
	return t
}

// row adds a row; columns hold a value for each seed.
func (t *table) row(name string, columns [][]float64) {
	t.WriteString("| " + name)
	for _, values := range columns {
		t.WriteString(" | " + across(values))
	}
	t.WriteString(" |\n")
}

// across is the mean of values and their standard deviation, which is left out where they are all alike; a dash where one is not finite.
func across(values []float64) string {
	s, err := metric.Summarize(values)
	if err != nil {
		return "–"
	}
	return s.Short()
}

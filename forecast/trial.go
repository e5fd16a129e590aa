package forecast

import (
	"fmt"
	"math"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
)

// Trial is a comparison of entries on series that none of them has seen. Zero values are defaults.
type Trial struct {
	Held    *datasets.Maps // what is forecast: standardised as the training maps are
	History int            // frames that an entry is given; 0: 2
	Every   int            // frames from one start to the next; 0: 10
	Ahead   int            // frames of a forecast; 0: 7
	Members int            // of a forecast's ensemble, 2 or more; 0: 10
	Block   int            // successive starts in a block of the bootstrap; 0: 3
	Seeds   []uint64       // of networks and draws; nil: 0

	Step     float64            // between frames, for tables and axes; 0: 1
	Unit     string             // of Step, such as "day"; "": "frame"
	Standard *datasets.Standard // takes pictures of standardised maps back to the data's unit; nil leaves them
}

// withDefaults fills in what was left out, and says in one line what is wrong.
func (t Trial) withDefaults() (Trial, error) {
	if t.Held == nil || t.Held.Series < 1 {
		return t, fmt.Errorf("forecast: a trial needs Held: maps that no entry was trained on")
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&t.History, 2}, {&t.Every, 10}, {&t.Ahead, 7}, {&t.Members, 10}, {&t.Block, 3}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if t.Seeds == nil {
		t.Seeds = idffnb.Seeds(0, 0)
	}
	switch {
	case t.History < 1 || t.Every < 1 || t.Ahead < 1 || t.Members < 2 || t.Block < 1 || len(t.Seeds) == 0:
		return t, fmt.Errorf("forecast: a trial with history %d, every %d, %d frames ahead, %d members, blocks of %d, %d seeds: want at least 1, 1, 1, 2, 1 and 1",
			t.History, t.Every, t.Ahead, t.Members, t.Block, len(t.Seeds))
	case !(t.Step >= 0) || math.IsInf(t.Step, 0):
		return t, fmt.Errorf("forecast: %g %s between frames: want a positive number", t.Step, t.plural())
	case t.History+t.Ahead > t.Held.Frames:
		return t, fmt.Errorf("forecast: %d frames after a history of %d: the series of %s have %d in all", t.Ahead, t.History, t.Held.Name(), t.Held.Frames)
	}
	return t, nil
}

// each is the number of starts in a series.
func (t Trial) each() int { return (t.Held.Frames-t.History-t.Ahead)/t.Every + 1 }

// cases are the starts of all series, [n, History, Dim], and by horizon the true frames, [n, Dim].
func (t Trial) cases() (c Case, truth [][]float32) {
	c = Case{History: t.History, Dim: t.Held.Size(), Frames: t.Ahead, Members: t.Members}
	if c.Land = t.Held.Land; c.Land == nil {
		c.Land = make([]bool, c.Dim)
	}
	truth = make([][]float32, t.Ahead)
	for s := range t.Held.Series {
		for i := range t.each() {
			first := i * t.Every
			for k := range t.History {
				c.Starts = append(c.Starts, t.Held.Frame(s, first+k)...)
			}
			for h := range truth {
				truth[h] = append(truth[h], t.Held.Frame(s, first+t.History+h)...)
			}
		}
	}
	return c, truth
}

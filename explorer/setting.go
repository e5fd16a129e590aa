package explorer

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/idff-go/workbench/idffnb/flow"
)

// setting is where the sliders stand.
type setting struct {
	gamma1, gamma2 float64
	steps          int
}

// order is the order of the field. Where gamma_2 is 0 the second derivative is not computed: order 1 is the same field, and cheaper.
func (s setting) order() int {
	if s.gamma2 == 0 {
		return 1
	}
	return 2
}

// field is the field of the setting, as released or as written.
func (s setting) field(written bool) flow.Field {
	gamma := []float64{s.gamma1, s.gamma2}[:s.order()]
	if written {
		return flow.IDFFWritten(gamma...)
	}
	return flow.IDFF(gamma...)
}

// String is the setting for a line of text.
func (s setting) String() string {
	plural := "s"
	if s.steps == 1 {
		plural = ""
	}
	return fmt.Sprintf("γ₁ = %g, γ₂ = %g, %d step%s", s.gamma1, s.gamma2, s.steps, plural)
}

// event is what a front end says: a new setting, or that the exploration is done. Events may overtake each other on their way; the
// one with the highest number is the newest.
type event struct {
	number  int
	setting setting
	done    bool
}

const (
	helloText = "hello" // a page has answered
	doneText  = "done"
)

// parseEvent reads what a page sends: "done", or the event's number and where the three sliders stand, as in "7 0.5 -0.2 4".
func parseEvent(text string, o Options) (event, error) {
	if text == doneText {
		return event{done: true}, nil
	}
	bad := fmt.Errorf("explorer: message %.60q of the page: want a number, gamma_1, gamma_2 and steps", text)
	parts := strings.Fields(text)
	if len(parts) != 4 {
		return event{}, bad
	}
	number, err1 := strconv.Atoi(parts[0])
	gamma1, err2 := strconv.ParseFloat(parts[1], 64)
	gamma2, err3 := strconv.ParseFloat(parts[2], 64)
	steps, err4 := strconv.Atoi(parts[3])
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			return event{}, bad
		}
	}
	if number < 1 || math.IsNaN(gamma1+gamma2) || math.IsInf(gamma1+gamma2, 0) || steps < o.leastSteps() || steps > o.MaxSteps {
		return event{}, bad
	}
	return event{number: number, setting: setting{gamma1, gamma2, steps}}, nil
}

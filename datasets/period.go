package datasets

import (
	"fmt"
	"time"
)

// Period is a span of days, both ends included. A zero end leaves that side open.
type Period struct{ From, To time.Time }

// Years is the period from January 1 of the first year to December 31 of the
// last. A year 0 leaves that side open.
func Years(first, last int) Period {
	var p Period
	if first != 0 {
		p.From = time.Date(first, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if last != 0 {
		p.To = time.Date(last, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return p
}

// String gives both ends.
func (p Period) String() string {
	text := func(t time.Time) string {
		if t.IsZero() {
			return "..."
		}
		return t.Format(time.DateOnly)
	}
	return text(p.From) + " to " + text(p.To)
}

// has says whether a time is in the period.
func (p Period) has(t time.Time) bool {
	return (p.From.IsZero() || !t.Before(p.From)) && (p.To.IsZero() || t.Before(p.To.AddDate(0, 0, 1)))
}

// Between has the frames of a period, as Window. It is an error if the maps have
// no dates, or none in the period.
func (m *Maps) Between(p Period) (*Maps, error) {
	from, to, err := m.span(p)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", m.name, err)
	}
	return m.window(from, to, fmt.Sprintf("-%s-%s", m.Times[from].Format("20060102"), m.Times[to-1].Format("20060102"))), nil
}

// span finds the frames of a period.
func (m *Maps) span(p Period) (from, to int, err error) {
	if m.Times == nil {
		return 0, 0, fmt.Errorf("its frames have no dates; part them with Window or HoldOut")
	}
	from = -1
	for k, t := range m.Times {
		if p.has(t) {
			if from < 0 {
				from = k
			}
			to = k + 1
		}
	}
	if from < 0 {
		return 0, 0, fmt.Errorf("no frame lies in %v; its frames are from %s to %s", p, m.Times[0].Format(time.DateOnly), m.Times[len(m.Times)-1].Format(time.DateOnly))
	}
	return from, to, nil
}

// Split parts maps with dates into training, validation and test, as Window does. DYffusion's
// split of OISST is
//
//	m.Split(datasets.Years(0, 2018), datasets.Years(2019, 2019), datasets.Years(2020, 2020))
//
// (Cachay, Zhao, Joren and Yu, DYffusion, NeurIPS 2023, section 5). It is an
// error if two periods share a frame, or one has none.
func (m *Maps) Split(train, validation, test Period) (trainMaps, validationMaps, testMaps *Maps, err error) {
	names := [3]string{"training", "validation", "test"}
	var parts [3]*Maps
	var spans [3][2]int
	for i, p := range [3]Period{train, validation, test} {
		from, to, err := m.span(p)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("datasets: %s: %s: %w", m.name, names[i], err)
		}
		for j := range i {
			if from < spans[j][1] && spans[j][0] < to {
				shared := m.Times[max(from, spans[j][0])]
				return nil, nil, nil, fmt.Errorf("datasets: %s: %s and %s overlap: %s is in both; scores on such a split say nothing", m.name, names[j], names[i], shared.Format(time.DateOnly))
			}
		}
		spans[i] = [2]int{from, to}
		parts[i] = m.window(from, to, "-"+names[i])
	}
	return parts[0], parts[1], parts[2], nil
}

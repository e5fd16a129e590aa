package forecast

import (
	"fmt"

	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb/metric"
)

// Spectra are the mean radial power spectra of the truth and of the members of entries at a horizon, in frames from 1, of pixels dx apart, in a unit of length that is named: metric.RadialSpectrum
// with Hann's window. A member that lacks power at large wavenumbers is too smooth, as the mean of an ensemble is and ought to be; one with too much is grainy.
func (t Trial) Spectra(horizon int, dx float64, unit string, entries ...Entry) (figures.Lines, error) {
	f := figures.Lines{XLabel: "wavenumber (cycles per " + unit + ")", YLabel: "power", LogX: true, LogY: true}
	t, err := t.withDefaults()
	if err != nil {
		return f, err
	}
	if horizon < 1 || horizon > t.Ahead {
		return f, fmt.Errorf("forecast: horizon %d: forecasts are 1 to %d frames long", horizon, t.Ahead)
	}
	f.Title = "power spectra after " + t.after(horizon)
	c, truth := t.cases()
	c.Seed = t.Seeds[0]
	add := func(name string, fields []float32) error {
		s, err := metric.RadialSpectrum(fields, t.Held.Height, t.Held.Width, dx, true)
		if err != nil {
			return fmt.Errorf("forecast: %s: %w", name, err)
		}
		f.Series = append(f.Series, figures.Series{Name: name, X: s.Frequency, Y: s.Power})
		return nil
	}
	if err := add("truth", truth[horizon-1]); err != nil {
		return f, err
	}
	for _, e := range entries {
		drawn, err := t.ask(e, c)
		if err != nil {
			return f, fmt.Errorf("forecast: %s: %w", e.Name, err)
		}
		if err := add(e.Name, drawn.Frame(horizon-1)); err != nil {
			return f, err
		}
	}
	return f, nil
}

// MustSpectra is Spectra for notebooks.
func (t Trial) MustSpectra(horizon int, dx float64, unit string, entries ...Entry) figures.Lines {
	return must(t.Spectra(horizon, dx, unit, entries...))
}

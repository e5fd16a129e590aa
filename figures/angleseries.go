package figures

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/idff-go/workbench/internal/quantile"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// AngleRow is one angle of [AngleSeries], in degrees of any turn, at each
// of its times.
type AngleRow struct {
	Name     string    // at the axis, such as "φ (deg)"
	Truth    []float64 // nil draws none
	Forecast []float64 // nil: the circular mean of Members, where there are some
	// Members are the forecasts of an ensemble, indexed [member][time]: a band
	// covers AngleSeries.Band of them.
	Members [][]float64
	// Lower and Upper are the ends of the band where it is known, such as
	// quantiles: the band goes from Lower up to Upper. Not together with Members.
	Lower, Upper []float64
}

// AngleSeries draws angles against time, a row per angle: the truth in green,
// a forecast in red with a band. Lines go the short way from one time to the
// next; where that is over ±180 they leave the row at one edge and come back
// at the other.
type AngleSeries struct {
	Rows  []AngleRow
	Times []float64 // increasing; nil means 0, 1, 2, ...

	Title        string
	XLabel       string    // "" means "time (ps)", or "frame" without Times
	TruthName    string    // "" means "truth"
	ForecastName string    // "" means "forecast"
	Band         float64   // share of the members in a band; 0 means 0.9
	Marks        []float64 // times with a dashed upright line, such as where a forecast starts
	Zoom         bool      // rows as high as their values need; else the whole turn
}

var truthGreen = color.RGBA{0, 120, 70, 255}

// angleBand is the band of a row: offsets in degrees from a centre.
type angleBand struct{ centre, below, above []float64 }

// Draw draws the figure.
func (a AngleSeries) Draw() (*Figure, error) {
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("figures: AngleSeries: %w", err)
	}
	times, xlabel := a.Times, either(a.XLabel, "time (ps)")
	if times == nil {
		xlabel = either(a.XLabel, "frame")
		for k := range a.Rows[0].times() {
			times = append(times, float64(k))
		}
	}
	share := a.Band
	if share == 0 {
		share = 0.9
	}
	plots := make([]axes, len(a.Rows))
	truths, forecasts, members, bands := false, false, 0, false
	for i, row := range a.Rows {
		xl := ""
		if i == len(a.Rows)-1 {
			xl = xlabel
		}
		p := newAxes("", xl, row.Name)
		p.Y.Tick.Marker = degreeTicks{}
		p.X.Min, p.X.Max = padRange(times[0], times[len(times)-1], 0.01, false)
		p.Y.Min, p.Y.Max = -180, 180
		forecast := row.Forecast
		if forecast == nil && row.Members != nil {
			forecast = circularMean(row.Members)
		}
		band := row.band(forecast, share)
		if a.Zoom {
			p.Y.Min, p.Y.Max = zoom(row.Truth, forecast, band)
		}
		if band != nil {
			bands = true
			p.Add(anglePlotter{x: times, band: band, fill: fade(momentumRed, 0.25)})
		}
		for _, x := range a.Marks {
			p.Add(strokePlotter{x: []float64{x, x}, y: []float64{p.Y.Min, p.Y.Max},
				line: draw.LineStyle{Color: softColor, Width: 1, Dashes: []vg.Length{4, 3}}})
		}
		if row.Truth != nil {
			truths = true
			p.Add(anglePlotter{x: times, y: row.Truth, line: draw.LineStyle{Color: truthGreen, Width: 1.9}})
		}
		if forecast != nil {
			forecasts = true
			p.Add(anglePlotter{x: times, y: forecast, line: draw.LineStyle{Color: momentumRed, Width: 1.1}})
		}
		members = max(members, len(row.Members))
		plots[i] = p
	}
	var entries []legendEntry
	if truths {
		entries = append(entries, legendEntry{text: either(a.TruthName, "truth"), color: truthGreen, width: 1.9})
	}
	if forecasts {
		entries = append(entries, legendEntry{text: either(a.ForecastName, "forecast"), color: momentumRed, width: 1.1})
	}
	if bands {
		name := "band"
		if members > 0 {
			name = fmt.Sprintf("%s %% of %d members", short(math.Round(1000*share)/10), members)
		}
		entries = append(entries, legendEntry{text: name, kind: legendBand, color: fade(momentumRed, 0.25)})
	}
	return plotsFigure(a.Title, plots, 1, 10, 1.95*float64(len(a.Rows))+0.35, 6, entries)
}

// plotsFigure is plots in a grid under a title, with a legend below, in inches.
func plotsFigure(title string, plots []axes, cols int, width, height float64, gap vg.Length, entries []legendEntry) (*Figure, error) {
	const margin = 10
	leg := layLegend(entries, vg.Length(width)*vg.Inch-2*margin)
	room := vg.Length(0)
	if len(entries) > 0 {
		room = leg.height() + 6
	}
	head := layTitle(title, vg.Length(width)*vg.Inch-20, 13)
	extra := vg.Length(0)
	if title != "" {
		extra = head.height() + 4
	}
	return NewFigure(width, height+float64((room+extra)/vg.Inch), func(c draw.Canvas) {
		head.draw(c, c.Center().X, c.Max.Y-margin-head.height()+4)
		leg.draw(c, c.Center().X, c.Min.Y+margin/2+leg.height())
		area := subCanvas(c, c.Min.X+margin, c.Min.Y+margin+room, c.Max.X-margin-4, c.Max.Y-margin-extra)
		axesGrid(area, plots, cols, gap)
	})
}

// anglePlotter draws one angle, or a band, with all its turns that lie within the axis.
type anglePlotter struct {
	x, y []float64
	line draw.LineStyle
	band *angleBand
	fill color.Color
}

// Plot implements plot.Plotter.
func (a anglePlotter) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	// Each turn of the unrolled line that the axis shows, cut at the edges.
	show := func(way []float64) (low, high int) {
		least, most := slices.Min(way), slices.Max(way)
		return int(math.Ceil((p.Y.Min - most) / 360)), int(math.Floor((p.Y.Max - least) / 360))
	}
	if a.band != nil {
		way := unroll(a.band.centre)
		upper, lower := make([]float64, len(way)), make([]float64, len(way))
		for k := range way {
			upper[k], lower[k] = way[k]+a.band.above[k], way[k]-a.band.below[k]
		}
		low, high := show(append(slices.Clone(upper), lower...))
		c.SetColor(a.fill)
		for turn := low; turn <= high; turn++ {
			shift := 360 * float64(turn)
			for k := 1; k < len(way); k++ { // strip by strip: a band may cross the edge often
				strip := c.ClipPolygonXY([]vg.Point{
					{X: tx(a.x[k-1]), Y: ty(lower[k-1] + shift)}, {X: tx(a.x[k]), Y: ty(lower[k] + shift)},
					{X: tx(a.x[k]), Y: ty(upper[k] + shift)}, {X: tx(a.x[k-1]), Y: ty(upper[k-1] + shift)},
				})
				if len(strip) < 3 {
					continue
				}
				var path vg.Path
				path.Move(strip[0])
				for _, q := range strip[1:] {
					path.Line(q)
				}
				path.Close()
				c.Fill(path)
			}
		}
		return
	}
	way := unroll(a.y)
	low, high := show(way)
	for turn := low; turn <= high; turn++ {
		pts := make([]vg.Point, len(way))
		for k, v := range way {
			pts[k] = vg.Point{X: tx(a.x[k]), Y: ty(v + 360*float64(turn))}
		}
		if len(pts) == 1 {
			if c.Contains(pts[0]) {
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: a.line.Color, Radius: 2, Shape: polygonGlyph{sides: 24, scale: 1}}, pts[0])
			}
			continue
		}
		c.StrokeLines(a.line, c.ClipLinesXY(pts)...)
	}
}

// unroll returns the angles plus whole turns so that each follows the one
// before by less than half a turn.
func unroll(a []float64) []float64 {
	out := make([]float64, len(a))
	for k, v := range a {
		if k == 0 {
			out[k] = wrapAngle(v)
			continue
		}
		out[k] = out[k-1] + wrapAngle(v-out[k-1])
	}
	return out
}

// circularMean is the direction of the mean of the members' unit vectors at each time.
func circularMean(members [][]float64) []float64 {
	mean := make([]float64, len(members[0]))
	for k := range mean {
		var s, c float64
		for _, m := range members {
			sin, cos := math.Sincos(wrapAngle(m[k]) * math.Pi / 180)
			s, c = s+sin, c+cos
		}
		mean[k] = math.Atan2(s, c) * 180 / math.Pi
	}
	return mean
}

// band returns the band of a row, or nil: quantiles of the members' signed
// distances from the forecast, or what the row gives.
func (r AngleRow) band(forecast []float64, share float64) *angleBand {
	b := &angleBand{}
	switch {
	case r.Lower != nil:
		for k, lo := range r.Lower {
			width := wrapAngle(r.Upper[k] - lo)
			if width < 0 {
				width += 360
			}
			b.centre, b.below, b.above = append(b.centre, lo+width/2), append(b.below, width/2), append(b.above, width/2)
		}
	case r.Members != nil:
		b.centre = forecast
		d := make([]float64, len(r.Members))
		for k, centre := range forecast {
			for i, m := range r.Members {
				d[i] = wrapAngle(m[k] - centre)
			}
			b.below = append(b.below, -quantile.Of(d, (1-share)/2))
			b.above = append(b.above, quantile.Of(d, (1+share)/2))
		}
	default:
		return nil
	}
	return b
}

// zoom returns the limits around the values of a row.
func zoom(truth, forecast []float64, band *angleBand) (lo, hi float64) {
	lo, hi = 180, -180
	for _, s := range [][]float64{truth, forecast} {
		for _, v := range s {
			v = wrapAngle(v)
			lo, hi = min(lo, v), max(hi, v)
		}
		for k := 1; k < len(s); k++ { // a line over ±180 needs both edges
			if math.Abs(wrapAngle(s[k])-wrapAngle(s[k-1])) > 180 {
				lo, hi = -180, 180
			}
		}
	}
	if band != nil {
		for k, v := range band.centre {
			lo, hi = min(lo, wrapAngle(v)-band.below[k]), max(hi, wrapAngle(v)+band.above[k])
		}
	}
	lo, hi = padRange(lo, hi, 0.06, false)
	return max(lo, -180), min(hi, 180)
}

// times is the number of times of a row.
func (r AngleRow) times() int {
	switch {
	case r.Truth != nil:
		return len(r.Truth)
	case r.Forecast != nil:
		return len(r.Forecast)
	case len(r.Members) > 0:
		return len(r.Members[0])
	}
	return len(r.Lower)
}

func (a AngleSeries) check() error {
	if len(a.Rows) == 0 {
		return errors.New("no rows given: give one AngleRow per angle")
	}
	if a.Band != 0 && !(a.Band > 0 && a.Band < 1) {
		return fmt.Errorf("band %g: the share of the members must lie between 0 and 1", a.Band)
	}
	if a.Marks != nil {
		if err := checkValues("Marks", a.Marks); err != nil {
			return err
		}
	}
	n := a.Rows[0].times()
	if a.Times != nil {
		if err := checkValues("Times", a.Times); err != nil {
			return err
		}
		for k := 1; k < len(a.Times); k++ {
			if a.Times[k] <= a.Times[k-1] {
				return fmt.Errorf("time %g at index %d follows %g: times must increase", a.Times[k], k, a.Times[k-1])
			}
		}
		n = len(a.Times)
	}
	for i, row := range a.Rows {
		where := fmt.Sprintf("row %d (%s)", i, row.Name)
		if row.Truth == nil && row.Forecast == nil && len(row.Members) == 0 && row.Lower == nil {
			return fmt.Errorf("%s has no angles: give Truth, Forecast or Members", where)
		}
		if (row.Lower == nil) != (row.Upper == nil) {
			return fmt.Errorf("%s has one end of the band only: give Lower and Upper", where)
		}
		if row.Lower != nil && row.Members != nil {
			return fmt.Errorf("%s has Members and Lower and Upper: give one of them", where)
		}
		if row.Members != nil && len(row.Members) < 2 {
			return fmt.Errorf("%s has %d member(s): a band needs at least 2", where, len(row.Members))
		}
		series := map[string][]float64{}
		order := []string{"Truth", "Forecast", "Lower", "Upper"}
		for k, s := range [][]float64{row.Truth, row.Forecast, row.Lower, row.Upper} {
			if s != nil {
				series[order[k]] = s
			}
		}
		for k, m := range row.Members {
			name := fmt.Sprintf("Members[%d]", k)
			series[name] = m
			order = append(order, name)
		}
		for _, name := range order {
			s, ok := series[name]
			if !ok {
				continue
			}
			if err := checkValues(where+", "+name, s); err != nil {
				return err
			}
			if len(s) != n {
				return fmt.Errorf("%s has %d values of %s, want %d: one per time", where, len(s), name, n)
			}
		}
	}
	return nil
}

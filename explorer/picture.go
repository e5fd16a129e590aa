package explorer

import (
	"bytes"
	"fmt"
	"image/png"
	"time"

	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb"
)

const (
	dpi   = 90  // a picture is 760 dots wide
	nodes = 100 // per axis of a density's grid
)

// picture is a setting drawn, or what is wrong with it.
type picture struct {
	setting setting
	figure  *figures.Figure
	png     []byte // encoded for speed, not for size
	width   int
	height  int
	seconds float64 // from the setting to the PNG
	err     error
}

// paint samples and draws a setting beside CFM: the samples, their density, the true data.
func (s *sampler) paint(at setting) picture {
	out := picture{setting: at}
	began := time.Now()
	if out.figure, out.err = s.figure(at); out.err != nil {
		return out
	}
	img, err := out.figure.Image()
	if err != nil {
		out.err = err
		return out
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	out.err = encoder.Encode(&b, img)
	out.png, out.width, out.height = b.Bytes(), img.Bounds().Dx(), img.Bounds().Dy()
	out.seconds = time.Since(began).Seconds()
	return out
}

func (s *sampler) figure(at setting) (*figures.Figure, error) {
	idff, cfm, err := s.pair(at)
	if err != nil {
		return nil, err
	}
	box, contours, err := s.truth()
	if err != nil {
		return nil, err
	}
	var panels []panel
	for _, samples := range []*idffnb.Samples{idff, cfm} {
		p := panel{title: title(samples), points: samples.Points(), contours: contours}
		if p.density, err = figures.KDE(p.points, box, nodes, s.o.Bandwidth); err != nil {
			return nil, err
		}
		panels = append(panels, p)
	}
	fig, err := beside(box, panels...)
	if err == nil {
		fig.DPI = dpi
	}
	return fig, err
}

// truth is the box of the panels and the contours of the true data's density.
func (s *sampler) truth() (figures.Box, []figures.Path, error) {
	box, err := s.o.box()
	if err != nil {
		return box, nil, err
	}
	density, err := figures.KDE(s.o.Truth, box, nodes, s.o.Bandwidth)
	if err != nil {
		return box, nil, err
	}
	var contours []figures.Path
	for _, level := range density.MassLevels(0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.92) {
		contours = append(contours, density.Contours(level)...)
	}
	return box, contours, nil
}

// title names the field and says what it truly cost, in counts and in seconds.
func title(s *idffnb.Samples) []string {
	c := s.Cost
	return []string{
		s.Field,
		fmt.Sprintf("%s: %d forwards + %d backwards", s.Solver, c.Forwards, c.Backwards),
		fmt.Sprintf("= %g forward-equivalents, %.3f s", c.Equivalents, c.Seconds),
	}
}

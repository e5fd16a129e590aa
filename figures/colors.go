package figures

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// heatAnchors are the colour map's knots in OKLCh (B. Ottosson, "A perceptual
// color space for image processing", 2020): lightness, chroma, hue in degrees,
// equally spaced in lightness from near white to near black, through orange,
// red and purple.
var heatAnchors = [][3]float64{
	{0.985, 0.012, 62},
	{0.885, 0.066, 52},
	{0.785, 0.128, 40},
	{0.685, 0.180, 28},
	{0.585, 0.196, 18},
	{0.485, 0.176, 4},
	{0.385, 0.142, 346},
	{0.285, 0.108, 322},
	{0.185, 0.070, 302},
}

// heatTable is the map at 256 points.
var heatTable = func() (t [256]color.RGBA) {
	n := len(heatAnchors) - 1
	for i := range t {
		u := float64(i) / 255 * float64(n)
		k := min(int(u), n-1)
		u -= float64(k)
		var lch [3]float64
		for a := range lch {
			p, q := heatAnchors[k][a], heatAnchors[k+1][a]
			if a == 2 && q > p+180 { // hue runs down through 0 = 360
				q -= 360
			}
			lch[a] = p + u*(q-p)
		}
		t[i] = oklch(lch[0], lch[1], lch[2])
	}
	return t
}()

// oklch converts OKLCh to sRGB, clipped to its gamut.
func oklch(l, c, hue float64) color.RGBA {
	s, co := math.Sincos(hue * math.Pi / 180)
	a, b := c*co, c*s
	cube := func(v float64) float64 { return v * v * v }
	L := cube(l + 0.3963377774*a + 0.2158037573*b)
	M := cube(l - 0.1055613458*a - 0.0638541728*b)
	S := cube(l - 0.0894841775*a - 1.2914855480*b)
	enc := func(v float64) uint8 {
		v = min(max(v, 0), 1)
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		return uint8(v*255 + 0.5)
	}
	return color.RGBA{
		enc(4.0767416621*L - 3.3077115913*M + 0.2309699292*S),
		enc(-1.2684380046*L + 2.6097574011*M - 0.3413193965*S),
		enc(-0.0041960863*L - 0.7034186147*M + 1.7076147010*S),
		255,
	}
}

// Heat is the package's colour map: 0 is near white, 1 is near black, and
// perceived lightness falls linearly between them. v is clipped to [0, 1];
// NaN gives grey.
func Heat(v float64) color.RGBA {
	if math.IsNaN(v) {
		return color.RGBA{200, 200, 200, 255}
	}
	return heatTable[int(min(max(v, 0), 1)*255+0.5)]
}

// Diverging is the colour map of anomalies: 0 is dark blue, 1/2 near white, 1 dark
// red; perceived lightness falls linearly from the middle, alike to both sides. v
// is clipped to [0, 1]; NaN gives grey.
func Diverging(v float64) color.RGBA {
	if math.IsNaN(v) {
		return color.RGBA{200, 200, 200, 255}
	}
	u := 2*min(max(v, 0), 1) - 1
	far := math.Abs(u)
	// Chroma rises fast, then falls again towards the dark end, where the gamut is narrow.
	chroma := 0.19 * math.Sin(math.Pi*min(far, 0.999)*0.8)
	hue := 28 - 10*far
	if u < 0 {
		hue = 245 + 15*far
	}
	return oklch(0.975-0.6*far, chroma, hue)
}

// Colours with a fixed meaning.
var (
	inkColor    = color.RGBA{30, 30, 30, 255}    // text, frames
	softColor   = color.RGBA{95, 95, 95, 255}    // second lines of titles, notes
	gridColor   = color.RGBA{228, 228, 228, 255} // grid lines
	cloudColor  = color.RGBA{120, 120, 120, 255} // sample clouds in the background
	lineBlue    = color.RGBA{28, 60, 200, 255}   // contours of the samples
	pathBlue    = color.RGBA{86, 105, 235, 255}  // a path in few steps
	momentumRed = color.RGBA{214, 39, 30, 255}   // momentum
	fineGreen   = color.RGBA{0, 140, 90, 255}    // a path in many steps
)

// seriesColors is the palette of M. Okabe and K. Ito, "Color Universal Design"
// (2008), without its yellow, which white paper swallows; grey stands in.
var seriesColors = []color.RGBA{
	{0, 114, 178, 255},   // blue
	{213, 94, 0, 255},    // vermilion
	{0, 158, 115, 255},   // bluish green
	{204, 121, 167, 255}, // reddish purple
	{230, 159, 0, 255},   // orange
	{86, 180, 233, 255},  // sky blue
	{0, 0, 0, 255},       // black
	{125, 125, 125, 255}, // grey
}

// SeriesColor returns the colour of the i-th curve; it repeats after eight.
func SeriesColor(i int) color.RGBA {
	n := len(seriesColors)
	return seriesColors[((i%n)+n)%n]
}

// fade mixes c with white; keep is the share of c that stays.
func fade(c color.RGBA, keep float64) color.RGBA {
	f := func(v uint8) uint8 { return uint8(255 - keep*(255-float64(v)) + 0.5) }
	return color.RGBA{f(c.R), f(c.G), f(c.B), 255}
}

// translucent returns c with the given opacity.
func translucent(c color.RGBA, alpha float64) color.NRGBA {
	return color.NRGBA{c.R, c.G, c.B, uint8(alpha*255 + 0.5)}
}

// seriesMarkers are told apart without colour too.
var seriesMarkers = []polygonGlyph{
	{sides: 24, scale: 1},
	{sides: 4, turn: math.Pi / 4, scale: 1.25},
	{sides: 3, turn: math.Pi / 2, scale: 1.4},
	{sides: 4, scale: 1.35},
	{sides: 3, turn: -math.Pi / 2, scale: 1.4},
	{sides: 5, turn: math.Pi / 2, scale: 1.55, star: true},
	{sides: 6, scale: 1.2},
	{sides: 4, scale: 1.7, star: true},
}

func seriesMarker(i int) polygonGlyph { return seriesMarkers[i%len(seriesMarkers)] }

// seriesDashes keeps curves apart when the colours repeat.
func seriesDash(i int) []vg.Length {
	switch i / len(seriesColors) % 3 {
	case 1:
		return []vg.Length{5, 3}
	case 2:
		return []vg.Length{1.5, 2}
	}
	return nil
}

// polygonGlyph is a filled regular polygon or star with a white rim.
type polygonGlyph struct {
	sides int
	turn  float64 // of the first corner, radians
	scale float64 // circumradius over the glyph's radius
	star  bool
}

// DrawGlyph implements draw.GlyphDrawer.
func (g polygonGlyph) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, pt vg.Point) {
	r := sty.Radius * vg.Length(g.scale)
	path := func(r vg.Length) vg.Path {
		var p vg.Path
		n := g.sides
		if g.star {
			n *= 2
		}
		for i := range n {
			rr := r
			if g.star && i%2 == 1 {
				rr *= 0.45
			}
			s, co := math.Sincos(g.turn + 2*math.Pi*float64(i)/float64(n))
			q := vg.Point{X: pt.X + rr*vg.Length(co), Y: pt.Y + rr*vg.Length(s)}
			if i == 0 {
				p.Move(q)
			} else {
				p.Line(q)
			}
		}
		p.Close()
		return p
	}
	c.SetColor(color.White)
	c.Fill(path(r + 0.8))
	c.SetColor(sty.Color)
	c.Fill(path(r))
}

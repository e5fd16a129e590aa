package figures

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"slices"
)

// encodePNG writes img with a palette of at most 256 colours.
func encodePNG(img image.Image) ([]byte, error) {
	m := toRGBA(img)
	h := newHistogram()
	h.add(m)
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if err := enc.Encode(&b, h.palette(256).apply(m)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func toRGBA(img image.Image) *image.RGBA {
	if m, ok := img.(*image.RGBA); ok {
		return m
	}
	m := image.NewRGBA(img.Bounds())
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		for x := m.Rect.Min.X; x < m.Rect.Max.X; x++ {
			m.Set(x, y, img.At(x, y))
		}
	}
	return m
}

// histogram counts the opaque colours of one or more images.
type histogram struct{ count map[uint32]int }

func newHistogram() histogram { return histogram{make(map[uint32]int, 1<<12)} }

// rgbAt packs the colour of pixel i, composed on white, into 24 bits.
func rgbAt(p []uint8) uint32 {
	r, g, b, a := uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3])
	if a != 255 { // premultiplied
		w := 255 - a
		r, g, b = r+w, g+w, b+w
	}
	return r<<16 | g<<8 | b
}

func (h histogram) add(m *image.RGBA) {
	for y := 0; y < m.Rect.Dy(); y++ {
		row := m.Pix[y*m.Stride : y*m.Stride+4*m.Rect.Dx()]
		for i := 0; i < len(row); {
			v, n := rgbAt(row[i:]), 0
			for ; i < len(row) && rgbAt(row[i:]) == v; i += 4 {
				n++
			}
			h.count[v] += n
		}
	}
}

// swatch is one colour of a histogram.
type swatch struct {
	rgb [3]float64
	key uint32
	n   float64
}

// palette chooses at most size colours: the most frequent three quarters exactly,
// the rest by repeatedly splitting the cluster of largest squared error at its
// mean along its axis of largest variance.
func (h histogram) palette(size int) colourTable {
	all := make([]swatch, 0, len(h.count))
	for k, n := range h.count {
		all = append(all, swatch{[3]float64{float64(k >> 16), float64(k >> 8 & 255), float64(k & 255)}, k, float64(n)})
	}
	slices.SortFunc(all, func(a, b swatch) int {
		if a.n != b.n {
			return int(b.n - a.n)
		}
		return int(a.key) - int(b.key)
	})
	exact := len(all)
	if exact > size {
		exact = size * 3 / 4
	}
	var pal []uint32
	for _, s := range all[:exact] {
		pal = append(pal, s.key)
	}
	if exact < len(all) { // text has few dots; keep its colour
		exact--
		pal[exact] = 0x1e1e1e
	}
	if rest := all[exact:]; len(rest) > 0 {
		pal = append(pal, cluster(rest, size-len(pal))...)
	}
	t := colourTable{index: make(map[uint32]uint8, len(all))}
	for _, k := range pal {
		t.colours = append(t.colours, color.RGBA{uint8(k >> 16), uint8(k >> 8), uint8(k), 255})
	}
	for i, s := range all {
		if i < exact {
			t.index[s.key] = uint8(i)
			continue
		}
		best, arg := 1<<30, 0
		for j, k := range pal {
			dr, dg, db := int(s.key>>16)-int(k>>16), int(s.key>>8&255)-int(k>>8&255), int(s.key&255)-int(k&255)
			if d := dr*dr + dg*dg + db*db; d < best {
				best, arg = d, j
			}
		}
		t.index[s.key] = uint8(arg)
	}
	return t
}

// cluster splits s into at most k groups and returns their mean colours.
func cluster(s []swatch, k int) []uint32 {
	type group struct {
		s    []swatch
		mean [3]float64
		axis int
		err  float64
	}
	measure := func(s []swatch) group {
		g := group{s: s}
		var n float64
		var m2 [3]float64
		for _, w := range s {
			n += w.n
			for a, v := range w.rgb {
				g.mean[a] += w.n * v
			}
		}
		for a := range g.mean {
			g.mean[a] /= n
		}
		for _, w := range s {
			for a, v := range w.rgb {
				d := v - g.mean[a]
				m2[a] += w.n * d * d
			}
		}
		for a, v := range m2 {
			g.err += v
			if v > m2[g.axis] {
				g.axis = a
			}
		}
		return g
	}
	groups := []group{measure(s)}
	for len(groups) < k {
		worst := 0
		for i, g := range groups {
			if g.err > groups[worst].err {
				worst = i
			}
		}
		g := groups[worst]
		if g.err == 0 {
			break
		}
		i := 0 // partition g.s at the mean of its axis
		for j, w := range g.s {
			if w.rgb[g.axis] <= g.mean[g.axis] {
				g.s[i], g.s[j] = g.s[j], g.s[i]
				i++
			}
		}
		if i == 0 || i == len(g.s) {
			groups[worst].err = 0
			continue
		}
		groups[worst] = measure(g.s[:i])
		groups = append(groups, measure(g.s[i:]))
	}
	out := make([]uint32, len(groups))
	for i, g := range groups {
		out[i] = uint32(g.mean[0]+.5)<<16 | uint32(g.mean[1]+.5)<<8 | uint32(g.mean[2]+.5)
	}
	return out
}

// colourTable maps each colour of a histogram to its place in a palette.
type colourTable struct {
	colours color.Palette
	index   map[uint32]uint8
}

func (t colourTable) apply(m *image.RGBA) *image.Paletted {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewPaletted(image.Rect(0, 0, w, h), t.colours)
	for y := 0; y < h; y++ {
		row := m.Pix[y*m.Stride : y*m.Stride+4*w]
		dst := out.Pix[y*out.Stride : y*out.Stride+w]
		last, at := uint32(1<<31), uint8(0)
		for x := range dst {
			if v := rgbAt(row[4*x:]); v != last {
				last, at = v, t.index[v]
			}
			dst[x] = at
		}
	}
	return out
}

package figures

import (
	"bytes"
	"encoding/gob"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"gonum.org/v1/plot/vg/draw"
)

// small is a quick figure.
func small(t *testing.T) *Figure {
	t.Helper()
	f, err := NewFigure(2, 1, func(c draw.Canvas) {
		fillRect(c, Heat(0.5), c.Min.X, c.Min.Y, c.Center().X, c.Max.Y)
		c.FillText(textStyle(10, inkColor, draw.XCenter, draw.YBottom), c.Center(), "γ₁ ξₜ 10⁻³")
		c.FillText(bold(textStyle(10, inkColor, draw.XCenter, draw.YTop)), c.Center(), "bold γ·×")
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSaveFormats(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	f := small(t)
	for ext, head := range map[string]string{".png": "\x89PNG", ".svg": "<?xml", ".pdf": "%PDF", ".PNG": "\x89PNG"} {
		path := filepath.Join(dir, "figure"+ext)
		if err := f.Save(path); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(data), head) {
			t.Errorf("%s begins with %q, want %q", ext, data[:8], head)
		}
	}
	img, err := png.Decode(bytes.NewReader(must(f.PNG())))
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != 200 || b.Dy() != 100 {
		t.Errorf("the PNG has %v, want 200 x 100", b)
	}
	f.DPI = 300
	if img, _ := f.Image(); img.Bounds().Dx() != 600 {
		t.Errorf("at 300 dpi the image is %d wide, want 600", img.Bounds().Dx())
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestSaveErrors(t *testing.T) {
	dir := t.TempDir()
	f := small(t)
	old := filepath.Join(dir, "old.png")
	if err := os.WriteFile(old, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	broken, _ := NewFigure(1, 1, func(draw.Canvas) { panic("no ink") })
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		f          *Figure
		path, want string
	}{
		{f, filepath.Join(dir, "x.bmp"), `unknown extension ".bmp"; valid are .png, .svg, .pdf, .gif`},
		{f, filepath.Join(dir, "x"), "unknown extension"},
		{f, filepath.Join(dir, "x.gif"), "not animated"},
		{f, filepath.Join(file, "x.png"), "not a directory"},
		{broken, old, "no ink"},
		{&Figure{}, old, "empty Figure"},
		{nil, old, "empty Figure"},
		{&Figure{DPI: 5, width: 1, height: 1, paint: f.paint}, old, "5 dots per inch"},
	} {
		err := c.f.Save(c.path)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", c.path, err, c.want)
		}
	}
	if data, _ := os.ReadFile(old); string(data) != "old" {
		t.Error("a failed Save touched the old file")
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".figure-*"))
	if len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
	for _, size := range [][2]float64{{0, 1}, {1, -1}, {1, 100}} {
		if _, err := NewFigure(size[0], size[1], f.paint); err == nil {
			t.Errorf("no error for a figure of %v inches", size)
		}
	}
	if _, err := NewFigure(1, 1, nil); err == nil {
		t.Error("no error for a figure without paint")
	}
}

// A folder in the way makes the last step, the rename, fail.
func TestWriteFileKeepsOldOnRenameFailure(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "taken.png")
	if err := os.MkdirAll(filepath.Join(target, "inside"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(target, []byte("x")); err == nil {
		t.Fatal("no error where a folder is in the way")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 {
		t.Errorf("%d entries are left, want the folder only", len(entries))
	}
}

func TestBeside(t *testing.T) {
	f, err := Beside(small(t), small(t))
	if err != nil {
		t.Fatal(err)
	}
	if w, h := f.Size(); w != 4 || h != 1 {
		t.Errorf("size %g x %g, want 4 x 1", w, h)
	}
	img, err := f.Image()
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range map[int]color.RGBA{20: Heat(0.5), 190: {255, 255, 255, 255}, 220: Heat(0.5)} {
		if got := img.At(x, 50); got != want {
			t.Errorf("at x = %d %v, want %v", x, got, want)
		}
	}
	if _, err := Beside(); err == nil {
		t.Error("no error for nothing beside nothing")
	}
	if _, err := Beside(nil); err == nil {
		t.Error("no error for nil")
	}
	if _, err := Beside(Loss{}); err == nil {
		t.Error("no error for a figure that cannot be drawn")
	}
}

func TestShowOutsideNotebook(t *testing.T) {
	var said bytes.Buffer
	notes = &said
	defer func() { notes = os.Stderr }()
	dir := t.TempDir()
	t.Chdir(dir)
	if err := Show(small(t), small(t)); err != nil {
		t.Fatal(err)
	}
	if s := said.String(); strings.Count(s, "\n") != 1 || !strings.Contains(s, "Save(path)") {
		t.Errorf("Show says %q, want one line that names Save", s)
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("Show wrote %v", entries)
	}
	if err := Show(); err == nil {
		t.Error("no error for nothing to show")
	}
	if err := Show(nil); err == nil {
		t.Error("no error for nil")
	}
	if err := Update("sheet", small(t)); err != nil {
		t.Error(err)
	}
	if err := Update("sheet", nil); err == nil {
		t.Error("no error for an update with nil")
	}
}

func TestMust(t *testing.T) {
	var got error
	old := exit
	exit = func(err error) { got = err; panic(err) }
	defer func() { exit = old }()
	for name, f := range map[string]func(){
		"MustShow": func() { MustShow(KDEGrid{}) },
		"Must":     func() { Must(Loss{}) },
		"Must nil": func() { Must(nil) },
	} {
		got = nil
		func() {
			defer func() { _ = recover() }()
			f()
		}()
		if got == nil || strings.Contains(got.Error(), "\n") || !strings.HasPrefix(got.Error(), "figures: ") {
			t.Errorf("%s ends with %v, want one line", name, got)
		}
	}
}

// TestShowInNotebook stands in for the kernel: what Show sends goes to a file.
func TestShowInNotebook(t *testing.T) {
	dir := t.TempDir()
	out, in := filepath.Join(dir, "out"), filepath.Join(dir, "in")
	for _, path := range []string{out, in} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(protocol.GONB_PIPE_ENV, out)
	t.Setenv(protocol.GONB_PIPE_BACK_ENV, in)
	gonbui.IsNotebook = true
	old := delivery
	delivery = 20 * time.Millisecond // a file does not answer
	defer func() { gonbui.IsNotebook, delivery = false, old }()
	frames := [][][2]float64{cloud(50, 1), cloud(50, 2), cloud(50, 3)}
	if err := Show(small(t), FlowGIF{Frames: frames, Size: 80}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sheet", "loss", "sheet"} {
		if err := Update(name, small(t)); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	dec := gob.NewDecoder(bytes.NewReader(data))
	var kinds, places []string
	for {
		var d protocol.DisplayData
		if dec.Decode(&d) != nil {
			break
		}
		if d.DisplayID != "" {
			places = append(places, d.DisplayID)
		}
		for k, v := range d.Data {
			switch v := v.(type) {
			case []byte:
				if _, err := png.Decode(bytes.NewReader(v)); err != nil {
					t.Errorf("a display of %s is no PNG: %v", k, err)
				}
			case string:
				if !strings.Contains(v, "data:image/gif;base64,R0lGOD") {
					t.Errorf("the HTML holds no GIF: %.60s", v)
				}
			}
			kinds = append(kinds, string(k))
		}
	}
	asks := string(protocol.MIMECommValue) // whether all has arrived
	want := "image/png text/html image/png " + asks + strings.Repeat(" image/png "+asks, 3)
	if len(places) != 3 || places[0] != places[2] || places[0] == places[1] {
		t.Errorf("three updates of a sheet, a loss and the sheet went to %q", places)
	}
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("the notebook gets %q, want %q", got, want)
	}
}

func TestPaletteOfFewColoursIsExact(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 16, 16))
	for i := range 256 {
		m.Set(i%16, i/16, color.RGBA{uint8(i), uint8(255 - i), uint8(i * 7), 255})
	}
	h := newHistogram()
	h.add(m)
	p := h.palette(256).apply(m)
	for i := range 256 {
		r1, g1, b1, _ := m.At(i%16, i/16).RGBA()
		r2, g2, b2, _ := p.At(i%16, i/16).RGBA()
		if r1 != r2 || g1 != g2 || b1 != b2 {
			t.Fatalf("colour %d changed", i)
		}
	}
}

func TestPaletteOfManyColours(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 128, 128))
	for y := range 128 {
		for x := range 128 {
			m.Set(x, y, color.RGBA{uint8(2 * x), uint8(2 * y), 128, 255})
		}
	}
	for _, size := range []int{256, 32} {
		h := newHistogram()
		h.add(m)
		table := h.palette(size)
		if len(table.colours) > size {
			t.Errorf("%d colours, want at most %d", len(table.colours), size)
		}
		p := table.apply(m)
		var sum float64
		for y := range 128 {
			for x := range 128 {
				a, b := m.RGBAAt(x, y), color.RGBAModel.Convert(p.At(x, y)).(color.RGBA)
				for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G)} {
					sum += float64(d * d)
				}
			}
		}
		// Most of the palette goes to colours that are all equally rare here, the
		// rest shares the plane: 64 (or 9) cells of 32 (or 85) steps.
		mse := sum / (2 * 128 * 128)
		if limit := map[int]float64{256: 150, 32: 900}[size]; mse > limit {
			t.Errorf("%d colours: mean square error %g, want at most %g", size, mse, limit)
		}
	}
}

func TestHeat(t *testing.T) {
	light := func(c color.RGBA) float64 { // relative luminance is monotone if lightness is
		return 0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)
	}
	for i := 1; i < 256; i++ {
		if light(heatTable[i]) > light(heatTable[i-1]) {
			t.Errorf("the map is not darker at %d than before", i)
		}
	}
	if c := Heat(0); light(c) < 235 {
		t.Errorf("0 is %v, want near white", c)
	}
	if c := Heat(1); light(c) > 40 {
		t.Errorf("1 is %v, want near black", c)
	}
	if Heat(-3) != Heat(0) || Heat(7) != Heat(1) {
		t.Error("values outside [0, 1] are not clipped")
	}
	if SeriesColor(0) != SeriesColor(8) || SeriesColor(-1) != SeriesColor(7) {
		t.Error("series colours do not repeat after eight")
	}
}

func TestText(t *testing.T) {
	sty := textStyle(10, inkColor, draw.XLeft, draw.YBottom)
	if a, b := sty.Width("ξₜ"), sty.Width("ξt"); !(a < b) {
		t.Errorf("a subscript is %g wide, a letter %g", a, b)
	}
	b := layTitle("a long name of a method that cannot fit\n8 fwd + 6 bwd = 14", 100, 12)
	for i, line := range b.lines {
		if w := b.styles[i].Width(line); w > 100 {
			t.Errorf("line %q is %g wide, want at most 100", line, w)
		}
	}
	if len(b.lines) < 3 {
		t.Errorf("lines %q, want the name wrapped", b.lines)
	}
	// Every rune that titles and labels use has a glyph.
	face := handler.Cache().Lookup(sty.Font, 10)
	for _, r := range runs("abcXYZ0123456789γξσθμλ∞≈≤≥±×·−–→√½°²³₀₁₂₃ₜₖᵢ⁻⁴(),.=+/%|") {
		for _, c := range r.s {
			if i, err := face.Face.GlyphIndex(nil, c); err != nil || i == 0 {
				t.Errorf("the font has no %q", c)
			}
		}
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		name   string
		lo, hi float64
		want   string
	}{
		{"linear", 0, 1, "0 0.2 0.4 0.6 0.8 1.0"},
		{"linear", -3, 3, "−3 −2 −1 0 1 2 3"},
		{"linear", 0, 20000, "0 5000 10000 15000 20000"},
		{"log", 1e-6, 1, "10⁻⁶ 10⁻⁵ 10⁻⁴ 0.001 0.01 0.1 1"},
		{"log", 0.004, 0.13, "0.005 0.01 0.02 0.05 0.1"},
		{"power", 0.9, 36, "1 2 4 8 16 32"},
	} {
		var got []string
		ticks := linearTicks{}.Ticks(c.lo, c.hi)
		switch c.name {
		case "log":
			ticks = logTicks{}.Ticks(c.lo, c.hi)
		case "power":
			ticks = powerTicks{}.Ticks(c.lo, c.hi)
		}
		for _, k := range ticks {
			if k.Label != "" {
				got = append(got, k.Label)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s [%g, %g]: %q, want %q", c.name, c.lo, c.hi, s, c.want)
		}
	}
}

package figures_test

import (
	"math"
	"strings"
	"testing"

	"github.com/idff-go/workbench/figures"
)

// disc is a picture of a disc whose brightness rises from left to right, of a colour where there are channels.
func disc(height, width, channels int, radius float64) []float32 {
	x := make([]float32, height*width*channels)
	for i := range height {
		for j := range width {
			for k := range channels {
				v := -1.
				if math.Hypot(float64(i)-float64(height-1)/2, float64(j)-float64(width-1)/2) < radius {
					v = 2*float64(j+k*width/3)/float64(width-1) - .8
				}
				x[(i*width+j)*channels+k] = float32(v)
			}
		}
	}
	return x
}

func discs(height, width, channels, n int) (list [][]float32) {
	for k := range n {
		list = append(list, disc(height, width, channels, 2+float64(k)))
	}
	return list
}

func imageSheet() figures.ImageSheet {
	return figures.ImageSheet{Title: "samples by cost", Shape: [3]int{28, 28, 1}, Rows: []figures.ImageRow{
		{Name: "CFM, Euler\ncost 5", Images: discs(28, 28, 1, 10)}, {Name: "IDFF γ=(0.2, 0.1), Euler\ncost 21", Images: discs(28, 28, 1, 8)}}}
}

func TestImageSheetGolden(t *testing.T) {
	golden(t, imageSheet(), "imagesheet.png")
	golden(t, figures.ImageSheet{Shape: [3]int{16, 24, 3}, Columns: []string{"0", "1", "2", "3"}, Rows: []figures.ImageRow{
		{Name: "sample", Images: discs(16, 24, 3, 4)}, {Name: "nearest image", Images: discs(16, 24, 3, 4), Captions: []string{"0.12", "0.08", "0.31", "0.05"}}}}, "imagesheet_pairs.png")
}

func TestImageSheetRefuses(t *testing.T) {
	for _, c := range []struct {
		spoil func(*figures.ImageSheet)
		want  string
	}{
		{func(s *figures.ImageSheet) { s.Rows = nil }, "no rows"},
		{func(s *figures.ImageSheet) { s.Shape[2] = 2 }, "1 or 3 channels"},
		{func(s *figures.ImageSheet) { s.Shape[0] = 27 }, "picture 0 has 784 values"},
		{func(s *figures.ImageSheet) { s.Rows[1].Captions = []string{"a"} }, "1 captions for 8 pictures"},
		{func(s *figures.ImageSheet) { s.Columns = []string{"a"} }, "1 names of columns for 10"},
		{func(s *figures.ImageSheet) { s.Rows[0].Images[3][5] = float32(math.NaN()) }, "row 0 (CFM, Euler), picture 3: value 5 is NaN"},
		{func(s *figures.ImageSheet) { s.Rows = []figures.ImageRow{{Name: "none"}} }, "no pictures"},
	} {
		s := imageSheet()
		c.spoil(&s)
		if _, err := s.Draw(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one line with %q", err, c.want)
		}
	}
}

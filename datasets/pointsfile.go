package datasets

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/idff-go/workbench/unpickle"
)

// ReadPoints reads your own points from a file: a .npy of NumPy (or a .npz of one array), float32 or float64 of shape [n, dim] or [n], or a .csv of n lines with
// dim numbers each, which commas part; its first line may have names instead. The data is named after the file. It fails where FromPoints
// does, on other files, and on lines that differ in length or are no numbers.
func ReadPoints(path string) (*Empirical, error) {
	file, err := readRegular(path)
	if err != nil {
		return nil, err
	}
	parse, ok := map[string]func([]byte) ([]float32, int, error){".npy": npyPoints, ".npz": npyPoints, ".csv": csvPoints}[strings.ToLower(filepath.Ext(path))]
	if !ok {
		return nil, fmt.Errorf("datasets: %s: points are read from .npy, .npz and .csv files", path)
	}
	points, dim, err := parse(file)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	e, err := FromPoints(stem(path), points, dim)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %s", path, strings.TrimPrefix(err.Error(), "datasets: "))
	}
	return e, nil
}

// MustReadPoints is ReadPoints for notebooks: an error prints one line and ends the program.
func MustReadPoints(path string) *Empirical { return must(ReadPoints(path)) }

// npyPoints reads an array [n, dim] or [n].
func npyPoints(file []byte) (points []float32, dim int, err error) {
	array, err := parseArray(file)
	if err != nil {
		return nil, 0, err
	}
	if dim, err = pointsDim(array); err != nil {
		return nil, 0, err
	}
	points, err = float32s(array)
	return points, dim, err
}

func pointsDim(a *unpickle.Array) (int, error) {
	switch {
	case len(a.Shape) == 1:
		return 1, nil
	case len(a.Shape) == 2 && a.Shape[1] > 0:
		return a.Shape[1], nil
	}
	return 0, fmt.Errorf("the array has shape %v; want [points, size of a point] or [points]", a.Shape)
}

// csvPoints reads lines of as many numbers each.
func csvPoints(file []byte) (points []float32, dim int, err error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff"))))
	r.TrimLeadingSpace, r.ReuseRecord = true, true
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return points, max(dim, 1), nil
		}
		if err != nil {
			return nil, 0, errors.New(plainCSV(err, dim))
		}
		line, _ := r.FieldPos(0)
		first := dim == 0
		dim = len(row)
		if first && headings(row) {
			continue
		}
		for k, text := range row {
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil || math.Abs(v) > math.MaxFloat32 {
				return nil, 0, fmt.Errorf("line %d, column %d: %.40q is no number that float32 holds", line, k+1, text)
			}
			points = append(points, float32(v))
		}
	}
}

// plainCSV is what is wrong with a line.
func plainCSV(err error, dim int) string {
	var p *csv.ParseError
	if errors.As(err, &p) && errors.Is(p.Err, csv.ErrFieldCount) {
		return fmt.Sprintf("line %d has another number of columns than the first, %d", p.Line, dim)
	}
	return err.Error()
}

// headings tells whether no field of a line is a number.
func headings(row []string) bool {
	for _, text := range row {
		if _, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
			return false
		}
	}
	return true
}

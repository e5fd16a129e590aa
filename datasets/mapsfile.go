package datasets

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"os"

	"github.com/idff-go/workbench/unpickle"
)

// SaveNPY writes the values as a .npy file of NumPy, float32 of shape [Series,
// Frames, Height, Width]: whole, or not at all.
func (m *Maps) SaveNPY(path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("datasets: %s is not saved: %w", m.name, err)
		}
	}()
	return writeWhole(path, func(file *os.File) error {
		w := bufio.NewWriterSize(file, 1<<16)
		_, _ = w.WriteString(npyHeader("<f4", m.Series, m.Frames, m.Height, m.Width)) // errors stay in w
		var b [4]byte
		for _, v := range m.Values {
			binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
			_, _ = w.Write(b[:])
		}
		return w.Flush()
	})
}

// ReadMaps reads maps without a grid on the globe or dates from a .npy file, float32
// or float64 of shape [frames, height, width] or [series, frames, height, width]; a series of a few numbers is one of 1 x dim maps, of shape [series, frames, 1, dim]. A
// pixel that is NaN in every frame is land. It fails where NewMaps does, and if the
// file is cut short or of another shape.
func ReadMaps(path string) (*Maps, error) {
	file, err := readRegular(path)
	if err != nil {
		return nil, err
	}
	m, err := parseMaps(stem(path), file)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	return m, nil
}

func parseMaps(name string, file []byte) (*Maps, error) {
	array, err := parseArray(file)
	if err != nil {
		return nil, err
	}
	values, shape, err := mapsShape(array)
	if err != nil {
		return nil, err
	}
	m := &Maps{Values: values, Series: shape[0], Frames: shape[1], Height: shape[2], Width: shape[3], name: name}
	size := m.Size()
	if size > 0 && len(values)%size == 0 {
		missing := make([]int, size)
		for i, v := range values {
			if v != v {
				missing[i%size]++
			}
		}
		for i, n := range missing {
			if n > 0 && n == len(values)/size {
				if m.Land == nil {
					m.Land = make([]bool, size)
				}
				m.Land[i] = true
			}
		}
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	m.clearLand(m.Values)
	return m, nil
}

func mapsShape(a *unpickle.Array) (values []float32, shape [4]int, err error) {
	switch len(a.Shape) {
	case 3:
		shape = [4]int{1, a.Shape[0], a.Shape[1], a.Shape[2]}
	case 4:
		shape = [4]int(a.Shape)
	default:
		return nil, shape, fmt.Errorf("the array has shape %v; want [frames, height, width] or [series, frames, height, width]", a.Shape)
	}
	values, err = float32s(a)
	if err == nil && len(values) == 0 {
		err = fmt.Errorf("the array is empty: its shape is %v", a.Shape)
	}
	return values, shape, err
}

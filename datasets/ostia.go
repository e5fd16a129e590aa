package datasets

import (
	_ "embed" // the data are part of the program
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"time"
)

//go:embed sst/ostia_equator_54x18x432.npy
var ostiaFile []byte

//go:embed sst/ostia_equator_54x18x432.json
var ostiaGrid []byte

// OSTIA is observed sea-surface temperature of the equator's seas: 54 monthly
// means, April 2006 to September 2010, of 18 x 432 pixels, 5 S to 4.4 N all
// around the globe, in °C; a small sample of the Met Office's OSTIA analysis.
// sst/README.md has its source and licence (Open Government Licence: attribute
// it to the Met Office).
//
// It holds an El Niño and two La Niñas and is far too short to learn them from:
// what a network gains on it over persistence is not skill at forecasting El
// Niño. BetaPlane has enough samples, but is synthetic; ReadSST reads the real
// data of decades.
func OSTIA() *Maps { return must(parseOSTIA(ostiaFile, ostiaGrid)) }

func parseOSTIA(file, grid []byte) (*Maps, error) {
	var g struct {
		Scale float64 `json:"scale_factor"`
		Fill  int     `json:"fill"`
		Lat   []float64
		Lon   []float64
		Time  []string
	}
	if err := json.Unmarshal(grid, &g); err != nil {
		return nil, err
	}
	array, err := parseNPY(file)
	if err != nil {
		return nil, err
	}
	if array.Descr != "<i2" || len(array.Data)%2 != 0 {
		return nil, fmt.Errorf("datasets: ostia: an array of type %q", array.Descr)
	}
	stored := make([]int16, len(array.Data)/2)
	for i := range stored {
		stored[i] = int16(binary.LittleEndian.Uint16(array.Data[2*i:]))
	}
	m := &Maps{Series: 1, Frames: len(g.Time), Height: len(g.Lat), Width: len(g.Lon), Lat: g.Lat, Lon: g.Lon, Unit: "°C", name: "ostia"}
	m.Land = make([]bool, m.Size())
	m.Values = make([]float32, len(stored))
	for i, v := range stored {
		if int(v) == g.Fill {
			m.Land[i%m.Size()] = true
		} else {
			m.Values[i] = float32(math.Round(float64(v)*g.Scale*1e4) / 1e4)
		}
	}
	for _, text := range g.Time {
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return nil, err
		}
		m.Times = append(m.Times, t)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("datasets: ostia: %w", err)
	}
	return m, nil
}

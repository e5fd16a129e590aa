package baseline

// Persistence says that nothing changes: every frame is the present one. Its ensemble has one member, however many are asked for the same one.
type Persistence struct {
	Dim     int // of a frame
	History int // frames of a start, of which the last is taken; 0: one
}

// Name implements Forecaster.
func (Persistence) Name() string { return "persistence" }

// Forecast implements Forecaster.
func (p Persistence) Forecast(starts []float32, frames, members int, _ uint64) ([]float32, error) {
	history := max(p.History, 1)
	n, err := check(p.Name(), starts, history, p.Dim, frames, members)
	if err != nil {
		return nil, err
	}
	size := history * p.Dim
	x := make([]float32, 0, members*n*frames*p.Dim)
	for range members {
		for i := range n {
			for range frames {
				x = append(x, starts[(i+1)*size-p.Dim:(i+1)*size]...)
			}
		}
	}
	return x, nil
}

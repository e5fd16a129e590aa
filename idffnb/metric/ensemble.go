package metric

import "fmt"

// CircularEnsembleMean returns the mean direction of the members of an ensemble of angles in degrees [members, ...], in the shape of one member: the single forecast that CircularMAE and
// CircularRMSE score. Where members cancel, their mean direction is of no meaning but a number all the same. n is the number of values of a member.
//
// It fails where the length is no multiple of n, and on angles as CircularMAE does.
func CircularEnsembleMean(ensemble []float32, n int) ([]float32, error) {
	if n < 1 || len(ensemble)%n != 0 {
		return nil, fmt.Errorf("metric: an ensemble of %d angles has no members of %d", len(ensemble), n)
	}
	if err := checkAngles("angle of the ensemble", ensemble); err != nil {
		return nil, err
	}
	mean := make([]float32, n)
	for i := range mean {
		direction, _ := circularMean(column(ensemble, i, n))
		mean[i] = float32(direction)
	}
	return mean, nil
}

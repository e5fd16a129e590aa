package metric

import "math/rand/v2"

// RankHistogram counts, over all true values, how many of the M members lie below the truth: M + 1 counts, from the truth
// below all members to the truth above all (Hamill, Interpretation of rank histograms for verifying ensemble forecasts, Mon.
// Weather Rev. 129, 2001). Where truth and members are draws of one distribution all ranks are equally likely; a U says that
// the ensemble is too narrow, a dome that it is too wide, a slope that it is biased; but a flat one is no proof of skill. Of
// k members equal to the truth, a random number 0..k counts as below, drawn with the seed.
//
// Angles have no ranks on a circle. Rank their changes instead, which rarely come near +-180: WrappedDifference of each,
// member or truth, from the last known frame.
//
// It fails where CRPS does.
func RankHistogram(ensemble, truth []float32, seed uint64) ([]int, error) {
	members, err := checkEnsemble(ensemble, truth, 1)
	if err != nil {
		return nil, err
	}
	const stream = 0x7a4b
	rng := rand.New(rand.NewPCG(seed, stream))
	counts := make([]int, members+1)
	for i, t := range truth {
		below, equal := 0, 0
		for k := i; k < len(ensemble); k += len(truth) {
			if ensemble[k] < t {
				below++
			} else if ensemble[k] == t {
				equal++
			}
		}
		if equal > 0 {
			below += rng.IntN(equal + 1)
		}
		counts[below]++
	}
	return counts, nil
}

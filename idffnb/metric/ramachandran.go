package metric

import (
	"fmt"
	"math"
)

// Ramachandran is a histogram of backbone angles (phi, psi) on the torus.
type Ramachandran struct {
	BinSize float64   // degrees
	Bins    int       // along each axis, 360/BinSize
	Counts  []float64 // [Bins, Bins]: Counts[i*Bins+j] has phi in [-180 + i BinSize, -180 + (i+1) BinSize), psi alike in bin j
}

// NewRamachandran counts angles [..., 2] in degrees, phi and psi in turn, whatever the residues, frames and replicas before;
// 180 and -180 are one angle. 10 degrees is a usual bin size for some thousand pairs.
//
// It fails on an odd number of angles, a bin size that does not divide 360 or is below .1, NaN, angles beyond +-180, and what
// looks like radians.
func NewRamachandran(angles []float32, binSize float64) (Ramachandran, error) {
	if err := checkPairs(angles); err != nil {
		return Ramachandran{}, err
	}
	bins := int(math.Round(360 / binSize))
	if !(binSize >= .1 && binSize <= 360) || math.Abs(float64(bins)*binSize-360) > 1e-6 {
		return Ramachandran{}, fmt.Errorf("metric: bins of %v degrees: the size must divide 360, and be .1 or more", binSize)
	}
	r := Ramachandran{BinSize: binSize, Bins: bins, Counts: make([]float64, bins*bins)}
	for i := 0; i < len(angles); i += 2 {
		r.Counts[torusBin(angles[i:i+2], bins)]++
	}
	return r, nil
}

func torusBin(pair []float32, bins int) int {
	at := func(a float32) int {
		return (int(math.Floor((float64(a)+180)/360*float64(bins))) + bins) % bins
	}
	return at(pair[0])*bins + at(pair[1])
}

// RamachandranJS returns the Jensen-Shannon divergence in bits between the (phi, psi) of samples [..., 2] and of data [...,
// 2], both as NewRamachandran takes them: 0 for equal histograms, 1 for histograms that share no bin. Finite samples never
// reach 0, see JensenShannon: give the divergence of data from other data beside it.
func RamachandranJS(samples, data []float32, binSize float64) (float64, error) {
	p, err := NewRamachandran(samples, binSize)
	if err != nil {
		return 0, fmt.Errorf("samples: %w", err)
	}
	q, err := NewRamachandran(data, binSize)
	if err != nil {
		return 0, fmt.Errorf("data: %w", err)
	}
	return JensenShannon(p.Counts, q.Counts)
}

// JensenShannon returns the divergence in bits of two histograms over the same bins, each normalised to sum 1,
//
//	JS = 1/2 sum p log2(p/m) + 1/2 sum q log2(q/m),   m = (p + q)/2,
//
// in [0, 1] (Lin, Divergence measures based on the Shannon entropy, IEEE Trans. Inf. Theory 37, 1991); scipy's jensenshannon
// is its root. For independent draws of n and m points of one distribution over K bins, well filled, its mean is not 0 but
// near
//
//	(K - 1) (1/n + 1/m) / (8 ln 2),
//
// from its expansion to second order; frames of a trajectory are not independent, and count for fewer.
//
// It fails on unequal or no bins, counts that are negative or not finite, and histograms without counts.
func JensenShannon(p, q []float64) (float64, error) {
	if len(p) != len(q) {
		return 0, fmt.Errorf("metric: Jensen-Shannon divergence of %d against %d bins: use the same bins for both", len(p), len(q))
	}
	sp, err := sumCounts("first", p)
	if err != nil {
		return 0, err
	}
	sq, err := sumCounts("second", q)
	if err != nil {
		return 0, err
	}
	js := 0.0
	for i := range p {
		a, b := p[i]/sp, q[i]/sq
		m := (a + b) / 2
		if a > 0 {
			js += a * math.Log2(a/m) / 2
		}
		if b > 0 {
			js += b * math.Log2(b/m) / 2
		}
	}
	return max(0, min(1, js)), nil
}

func sumCounts(which string, counts []float64) (sum float64, err error) {
	for i, c := range counts {
		if !(c >= 0) || math.IsInf(c, 1) {
			return 0, fmt.Errorf("metric: bin %d of the %s histogram holds %v: counts must be finite and not negative", i, which, c)
		}
		sum += c
	}
	if sum == 0 || math.IsInf(sum, 1) {
		return 0, fmt.Errorf("metric: the %s histogram sums to %v over %d bins: it needs something to normalise", which, sum, len(counts))
	}
	return sum, nil
}

// Support is the part of the torus where data are, with a margin: outside of it (phi, psi) count as impossible.
type Support struct {
	bins    int
	allowed []bool
}

// Support returns the bins with counts, and those up to margin bins away from one along either axis, on the torus. Make it
// from the training data. It fails on a negative margin.
func (r Ramachandran) Support(margin int) (Support, error) {
	if margin < 0 {
		return Support{}, fmt.Errorf("metric: support with a margin of %d bins: 0 or more", margin)
	}
	if r.Bins < 1 || len(r.Counts) != r.Bins*r.Bins {
		return Support{}, fmt.Errorf("metric: support of a histogram of %d counts for %d bins an axis: make it with NewRamachandran", len(r.Counts), r.Bins)
	}
	margin = min(margin, r.Bins/2)
	s := Support{bins: r.Bins, allowed: make([]bool, len(r.Counts))}
	for k, count := range r.Counts {
		if count == 0 {
			continue
		}
		for i := -margin; i <= margin; i++ {
			for j := -margin; j <= margin; j++ {
				s.allowed[(k/r.Bins+i+r.Bins)%r.Bins*r.Bins+(k%r.Bins+j+r.Bins)%r.Bins] = true
			}
		}
	}
	return s, nil
}

// Outside returns the share of the pairs in angles [..., 2] that lie outside the support. Fresh data have a small share
// too: give it beside. It fails where NewRamachandran does.
func (s Support) Outside(angles []float32) (float64, error) {
	if err := checkPairs(angles); err != nil {
		return 0, err
	}
	if s.bins == 0 {
		return 0, fmt.Errorf("metric: an empty support: make it with Ramachandran.Support")
	}
	out := 0
	for i := 0; i < len(angles); i += 2 {
		if !s.allowed[torusBin(angles[i:i+2], s.bins)] {
			out++
		}
	}
	return float64(out) / float64(len(angles)/2), nil
}

// Area returns the share of the torus that the support covers, which is the share of uniform random angles inside.
func (s Support) Area() float64 {
	in := 0
	for _, a := range s.allowed {
		if a {
			in++
		}
	}
	return float64(in) / float64(max(1, len(s.allowed)))
}

func checkPairs(angles []float32) error {
	if len(angles)%2 != 0 {
		return fmt.Errorf("metric: %d angles: they must be pairs, phi and psi in turn", len(angles))
	}
	return checkAngles("angle", angles)
}

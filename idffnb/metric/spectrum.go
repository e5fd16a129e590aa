package metric

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/dsp/fourier"
)

// Spectrum is how variance is spread over scales.
type Spectrum struct {
	Frequency []float64 // of each band: cycles per unit of time or length
	Power     []float64 // density: the sum of Power times the distance of bands is the variance
}

// RadialSpectrum returns the mean isotropic spectrum of fields [n, height, width], dx the distance of pixels: variance by wavenumber k in cycles per unit
// length. Each field less its mean, times the window, is transformed,
//
//	P(k) = 1/dk sum_{|q| in ring k} |f(q)|^2 / (H W sum w^2),   f(q) = sum_x w(x) (v(x) - mean) exp(-2 pi i q x),
//
// with rings of width dk = 1/(dx max(H, W)) about k = dk, 2 dk, ... up to 1/(2 dx); what lies in the corners beyond is left out. Fields that do not repeat at
// their edges (boxes of an ocean) need a window, else the jump there makes a spectrum of its own, k^-2; the window is Hann's in both directions, sin^2. A
// forecast that is too smooth lacks power at large k, one that is grainy has too much.
//
// It fails on fields of fewer than 4 rows or columns, a number of values that does not fit, dx not above 0, and NaN or Inf: fill land with the mean.
func RadialSpectrum(fields []float32, height, width int, dx float64, window bool) (Spectrum, error) {
	size := height * width
	switch {
	case height < 4 || width < 4 || height > 1<<15 || width > 1<<15:
		return Spectrum{}, fmt.Errorf("metric: spectrum of fields of %d x %d: they need 4 rows and columns or more", height, width)
	case len(fields) == 0 || len(fields)%size != 0:
		return Spectrum{}, fmt.Errorf("metric: spectrum of %d values, which are not whole fields of %d x %d", len(fields), height, width)
	case !(dx > 0) || math.IsInf(dx, 0):
		return Spectrum{}, fmt.Errorf("metric: spectrum with pixels %g apart: the distance must be above 0", dx)
	}
	if err := checkFinite("field value", fields); err != nil {
		return Spectrum{}, err
	}
	side := max(height, width)
	dk := 1 / (dx * float64(side))
	s := Spectrum{Power: make([]float64, side/2)}
	for k := range s.Power {
		s.Frequency = append(s.Frequency, float64(k+1)*dk)
	}
	down, across := ones(height), ones(width)
	if window {
		down, across = hann(height), hann(width)
	}
	norm := 0.
	for _, a := range down {
		for _, b := range across {
			norm += a * a * b * b
		}
	}
	rows, columns := fourier.NewCmplxFFT(width), fourier.NewCmplxFFT(height)
	n := len(fields) / size
	z := make([]complex128, size)
	column := make([]complex128, height)
	for f := range n {
		mean := 0.
		for _, v := range fields[f*size : (f+1)*size] {
			mean += float64(v) / float64(size)
		}
		for i, v := range fields[f*size : (f+1)*size] {
			z[i] = complex((float64(v)-mean)*down[i/width]*across[i%width], 0)
		}
		for r := range height {
			rows.Coefficients(z[r*width:(r+1)*width], z[r*width:(r+1)*width])
		}
		for c := range width {
			for r := range height {
				column[r] = z[r*width+c]
			}
			columns.Coefficients(column, column)
			for r, v := range column {
				k := math.Hypot(signed(r, height), signed(c, width)) * float64(side) // in units of dk
				if ring := int(math.Round(k)); ring >= 1 && ring <= len(s.Power) {
					s.Power[ring-1] += (real(v)*real(v) + imag(v)*imag(v)) / (norm * float64(size) * dk * float64(n))
				}
			}
		}
	}
	return s, nil
}

// signed is the frequency of coefficient i of n, in cycles per pixel.
func signed(i, n int) float64 {
	if 2*i > n {
		i -= n
	}
	return float64(i) / float64(n)
}

func ones(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	return w
}

// hann is Hann's window, the periodic form.
func hann(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		sin := math.Sin(math.Pi * float64(i) / float64(n))
		w[i] = sin * sin
	}
	return w
}

// SeriesSpectrum returns the power spectral density of values in time [replicas, frames, dim], a frame every step: one spectrum for each of dim, the mean over
// replicas and overlapping segments (Welch, IEEE Trans. Audio Electroacoust. 15, 1967; scipy.signal.welch with its defaults): each segment less its mean,
// times Hann's window w, at frequencies j/(segment step), j = 0..segment/2,
//
//	P_j = c_j step |sum_k w_k v_k exp(-2 pi i j k/segment)|^2 / sum w^2,   c_j = 2, but 1 at j = 0 and, for an even segment, at its end,
//
// with segments that begin half a segment apart. Longer segments resolve more, shorter ones average more.
//
// It fails on lengths that do not fit, a segment below 4 or above frames, a step not above 0, and NaN or Inf.
func SeriesSpectrum(values []float32, frames, dim, segment int, step float64) ([]Spectrum, error) {
	switch {
	case frames < 1 || dim < 1 || len(values) == 0 || len(values)%dim != 0 || len(values)/dim%frames != 0:
		return nil, fmt.Errorf("metric: spectrum of %d values with frames = %d, dim = %d: they must be [replicas, frames, dim]", len(values), frames, dim)
	case segment < 4 || segment > frames:
		return nil, fmt.Errorf("metric: spectrum with segments of %d frames: 4 to %d, the frames of a replica", segment, frames)
	case !(step > 0) || math.IsInf(step, 0):
		return nil, fmt.Errorf("metric: spectrum with frames %g apart: the step must be above 0", step)
	}
	if err := checkFinite("value", values); err != nil {
		return nil, err
	}
	fft := fourier.NewFFT(segment)
	w := hann(segment)
	norm := 0.
	for _, v := range w {
		norm += v * v
	}
	out := make([]Spectrum, dim)
	x := make([]float64, segment)
	coefficients := make([]complex128, segment/2+1)
	for d := range out {
		s := Spectrum{Power: make([]float64, segment/2+1)}
		n := 0.
		for r := range len(values) / dim / frames {
			for start := 0; start+segment <= frames; start += segment - segment/2 {
				mean := 0.
				for k := range x {
					x[k] = float64(values[(r*frames+start+k)*dim+d])
					mean += x[k] / float64(segment)
				}
				for k := range x {
					x[k] = (x[k] - mean) * w[k]
				}
				n++
				for j, c := range fft.Coefficients(coefficients, x) {
					p := step * (real(c)*real(c) + imag(c)*imag(c)) / norm
					if j > 0 && 2*j != segment {
						p *= 2
					}
					s.Power[j] += p
				}
			}
		}
		for j := range s.Power {
			s.Power[j] /= n
			s.Frequency = append(s.Frequency, float64(j)/(float64(segment)*step))
		}
		out[d] = s
	}
	return out, nil
}

// SpectrumDistance returns how far the shapes of spectra are apart, of as many series on the same frequencies: the Hellinger distance of the power as a distribution over frequency, its mean over series,
//
//	1/dim sum_i sqrt(1 - sum_j sqrt(p_ij q_ij)),   p_ij = P_ij / sum_j P_ij,
//
// from 0, equal, to 1, no common frequency (Mikhaeil, Monfared and Durstewitz, On the difficulty of learning chaotic dynamics with RNNs, NeurIPS 2022, who smooth the spectra first; Welch's segments
// do that here). Of how much a series varies it sees nothing. Estimates of one spectrum do not score 0: compare with data against data.
//
// It fails on spectra that do not fit, and on power that is negative, not finite, or 0 everywhere.
func SpectrumDistance(a, b []Spectrum) (float64, error) {
	if len(a) == 0 || len(a) != len(b) {
		return 0, fmt.Errorf("metric: spectrum distance of %d series from %d: want equally many, one or more", len(a), len(b))
	}
	distance := 0.
	for i := range a {
		p, q := a[i].Power, b[i].Power
		if len(p) == 0 || len(p) != len(q) || !slices.Equal(a[i].Frequency, b[i].Frequency) {
			return 0, fmt.Errorf("metric: spectrum distance: series %d has %d and %d frequencies, or others: take the same segment and step", i, len(p), len(q))
		}
		var sumP, sumQ, overlap float64
		for j := range p {
			if !(p[j] >= 0 && q[j] >= 0) {
				return 0, fmt.Errorf("metric: spectrum distance: power %g and %g of series %d at frequency %d: want 0 or more", p[j], q[j], i, j)
			}
			sumP, sumQ, overlap = sumP+p[j], sumQ+q[j], overlap+math.Sqrt(p[j])*math.Sqrt(q[j])
		}
		if sumP == 0 || sumQ == 0 || math.IsInf(sumP, 0) || math.IsInf(sumQ, 0) {
			return 0, fmt.Errorf("metric: spectrum distance: the power of series %d is %g and %g in all: want finite numbers above 0", i, sumP, sumQ)
		}
		distance += math.Sqrt(max(0, 1-overlap/math.Sqrt(sumP)/math.Sqrt(sumQ))) / float64(len(a))
	}
	return distance, nil
}

//go:build goexperiment.simd && amd64

package metric

import (
	"math"
	"simd/archsimd"
)

// ln 2 as the sum of two, the second for the digits that the first has no room for.
const (
	ln2High = 0x1.62e42fefa39efp-1
	ln2Low  = math.Ln2 - ln2High
)

// sumExp8 is sumExp with AVX-512, in vectors of eight numbers. As sumExpScalar, but with a table of eight, which is a vector itself:
//
//	exp(-t) = 2^k exp(r),   k = round(-8 t / ln 2) / 8,   |r| = |-t - k ln 2| <= ln 2 / 16,
//
// with the Taylor polynomial of degree 8 for exp(r) (rest below 2e-18). The relative error is below 5e-16.
func sumExp8(f float64, d []float64) float64 {
	minus, far := archsimd.BroadcastFloat64x8(-f), archsimd.BroadcastFloat64x8(-800) // exp(-800) is 0 in float64
	perUnit, high, low := archsimd.BroadcastFloat64x8(1/math.Ln2), archsimd.BroadcastFloat64x8(-ln2High), archsimd.BroadcastFloat64x8(-ln2Low)
	eighths := archsimd.BroadcastFloat64x8(3 << 48) // numbers of this size are multiples of 1/8, and their last three bits say of how many
	table := archsimd.LoadFloat64x8(&powers8)
	var sum archsimd.Float64x8
	for ; len(d) >= 8; d = d[8:] {
		t := archsimd.LoadFloat64x8Slice(d).Mul(minus).Max(far)
		rounded := t.MulAdd(perUnit, eighths)
		k := rounded.Sub(eighths)
		r := k.MulAdd(low, k.MulAdd(high, t))
		p := taylor8(8).MulAdd(r, taylor8(7)).MulAdd(r, taylor8(6)).MulAdd(r, taylor8(5)).MulAdd(r, taylor8(4)).
			MulAdd(r, taylor8(3)).MulAdd(r, taylor8(2)).MulAdd(r, taylor8(1)).MulAdd(r, taylor8(0))
		sum = sum.Add(p.Mul(table.Permute(rounded.AsUint64x8())).Scale(k)) // Scale takes the integer below k
	}
	var lanes [8]float64
	sum.Store(&lanes)
	archsimd.ClearAVXUpperBits() // or else the scalar code that follows takes up to four times as long
	total := sumExpScalar(f, d)
	for _, v := range lanes {
		total += v
	}
	return total
}

// powers8 holds 2^(j/8).
var powers8 = func() (p [8]float64) {
	for j := range p {
		p[j] = math.Exp2(float64(j) / 8)
	}
	return
}()

// taylor8 is 1/j!, eight times. It is read from memory to leave the registers, of which Go uses 15, to what varies.
func taylor8(j int) archsimd.Float64x8 { return archsimd.LoadFloat64x8(&inverseFactorials[j]) }

var inverseFactorials = func() (c [9][8]float64) {
	for j := range c {
		for i := range c[j] {
			c[j][i] = 1 / math.Gamma(float64(j+1))
		}
	}
	return
}()

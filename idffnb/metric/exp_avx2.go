//go:build goexperiment.simd && amd64

package metric

import (
	"math"
	"simd/archsimd"
)

// sumExp4 is sumExp with AVX2, in vectors of four numbers. There is no table, which AVX2 would read number by number:
//
//	exp(-t) = 2^k exp(r),   k = round(-t / ln 2),   |r| = |-t - k ln 2| <= ln 2 / 2,
//
// with the Taylor polynomial of degree 13 for exp(r) (rest below 6e-18). The relative error is below 5e-16; what is below 2^-1021 counts as 0.
func sumExp4(f float64, d []float64) float64 {
	minus, far := archsimd.BroadcastFloat64x4(-f), archsimd.BroadcastFloat64x4(-1021*math.Ln2)
	perUnit, high, low := archsimd.BroadcastFloat64x4(1/math.Ln2), archsimd.BroadcastFloat64x4(-ln2High), archsimd.BroadcastFloat64x4(-ln2Low)
	integers := archsimd.BroadcastFloat64x4(3 << 51) // numbers of this size are integers, and their last bits say which
	c0, c2, c3, c4 := archsimd.BroadcastFloat64x4(1), archsimd.BroadcastFloat64x4(1./2), archsimd.BroadcastFloat64x4(1./6), archsimd.BroadcastFloat64x4(1./24)
	c5, c6, c7, c8 := archsimd.BroadcastFloat64x4(1./120), archsimd.BroadcastFloat64x4(1./720), archsimd.BroadcastFloat64x4(1./5040), archsimd.BroadcastFloat64x4(1./40320)
	c9, c10, c11 := archsimd.BroadcastFloat64x4(1./362880), archsimd.BroadcastFloat64x4(1./3628800), archsimd.BroadcastFloat64x4(1./39916800)
	c12, c13 := archsimd.BroadcastFloat64x4(1./479001600), archsimd.BroadcastFloat64x4(1./6227020800)
	var sum archsimd.Float64x4
	for ; len(d) >= 4; d = d[4:] {
		t := archsimd.LoadFloat64x4Slice(d).Mul(minus)
		rounded := t.MulAdd(perUnit, integers)
		k := rounded.Sub(integers)
		r := k.MulAdd(low, k.MulAdd(high, t))
		p := c13.MulAdd(r, c12).MulAdd(r, c11).MulAdd(r, c10).MulAdd(r, c9).MulAdd(r, c8).MulAdd(r, c7).
			MulAdd(r, c6).MulAdd(r, c5).MulAdd(r, c4).MulAdd(r, c3).MulAdd(r, c2).MulAdd(r, c0).MulAdd(r, c0)
		power := p.AsInt64x4().Add(rounded.AsInt64x4().ShiftAllLeft(52)).AsFloat64x4() // k is added to the exponent, which starts at bit 52
		sum = sum.Add(power.Masked(t.Greater(far)))
	}
	var lanes [4]float64
	sum.Store(&lanes)
	archsimd.ClearAVXUpperBits()
	return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + sumExpScalar(f, d)
}

//go:build goexperiment.simd && amd64

package metric

import "simd/archsimd"

// addSquares8 is addSquares with AVX-512, in vectors of eight numbers.
func addSquares8(d, x []float64, v float64) {
	p := archsimd.BroadcastFloat64x8(v)
	for ; len(d) >= 8; d, x = d[8:], x[8:] {
		u := archsimd.LoadFloat64x8Slice(x).Sub(p)
		u.MulAdd(u, archsimd.LoadFloat64x8Slice(d)).StoreSlice(d)
	}
	archsimd.ClearAVXUpperBits()
	addSquaresScalar(d, x, v)
}

// addSquares4 is addSquares with AVX2, in vectors of four numbers.
func addSquares4(d, x []float64, v float64) {
	p := archsimd.BroadcastFloat64x4(v)
	for ; len(d) >= 4; d, x = d[4:], x[4:] {
		u := archsimd.LoadFloat64x4Slice(x).Sub(p)
		u.MulAdd(u, archsimd.LoadFloat64x4Slice(d)).StoreSlice(d)
	}
	archsimd.ClearAVXUpperBits()
	addSquaresScalar(d, x, v)
}

//go:build goexperiment.simd && amd64

package metric

import "simd/archsimd"

// init takes the widest vectors that the CPU has.
func init() {
	switch {
	case archsimd.X86.AVX512():
		sumExp, addSquares = sumExp8, addSquares8
	case archsimd.X86.AVX2() && archsimd.X86.FMA():
		sumExp, addSquares = sumExp4, addSquares4
	}
}

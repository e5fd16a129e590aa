//go:build goexperiment.simd && amd64

package metric

import "simd/archsimd"

func init() {
	if archsimd.X86.AVX512() {
		addSquaresWays["AVX-512"] = addSquares8
		sumExps["AVX-512"] = sumExpWay{sumExp8, 2e-323}
	}
	if archsimd.X86.AVX2() && archsimd.X86.FMA() {
		addSquaresWays["AVX2"] = addSquares4
		sumExps["AVX2"] = sumExpWay{sumExp4, 0x1p-1021}
	}
}

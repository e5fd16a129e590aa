package idffnb

import (
	"fmt"
	"strings"
)

// Precision is how matrix products are computed. It is chosen for a whole process by the environment variable IDFF_PRECISION, and belongs to the identity of
// experiments: runs in another precision than float32 have folders of their own.
type Precision string

const (
	// Float32 is the default everywhere: products and sums of float32, also on GPUs whose libraries would round to TF32 when left to themselves.
	Float32 Precision = "float32"
	// TF32 rounds the factors of matrix products to 10 bits of mantissa on CUDA's tensor cores, and sums in float32. On CUDA alone.
	TF32 Precision = "tf32"
	// BF16 rounds the factors of the matrix products in net.Dense and of the convolutions of net.UNet to bfloat16 (7 bits of mantissa), in training too, and sums in float32; weights, their averages and the optimizer,
	// normalisation, attention's products of queries, keys and values, and all else stay float32: it is mixed precision as image models are trained with, without a scale of the loss, which bfloat16's exponents do not need. On XLA.
	BF16 Precision = "bf16"
)

const precisionVariable = "IDFF_PRECISION"

var precisions = []Precision{Float32, TF32, BF16}

// precisionOf reads the value of IDFF_PRECISION.
func precisionOf(text string) (Precision, error) {
	if text == "" {
		return Float32, nil
	}
	var names []string
	for _, p := range precisions {
		if text == string(p) {
			return p, nil
		}
		names = append(names, string(p))
	}
	return "", fmt.Errorf("idffnb: %s=%q is no precision; valid names: %s", precisionVariable, text, strings.Join(names, ", "))
}

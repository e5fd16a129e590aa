package net

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Net is a network of a flow. One with a method AtOnce() int has training steps on the CPU made of parts of batches, of so many points at the most (see UNet.AtOnce).
type Net interface {
	// Predict builds the network's output for states x [batch, dim] at times t [batch]; cond [batch, ...] is what the data
	// gives beside x, or nil. The output is [batch, heads*dim], with as many heads as the objective asks for.
	// It is called for each evaluation in a graph, each time with the root's scope as if nothing had visited it: scope.In and the layers of GoMLX, which use it,
	// name the same variables at each call. It panics as graph-building functions do.
	//
	// Of GoMLX's layers, BatchNorm has derivatives in x, which IDFF's fields, likelihoods and the learning of schedules take, with UseBackendInference(false) only, and Convolution has the first
	// one only. Their initial weights are fixed by the seed, but are others on another backend. Losses that layers add, such as those of regularizers, are refused.
	Predict(scope *model.Scope, x, t, cond *Node) *Node
}

// SeedParam is the parameter of the model's store (an int64) that fixes the initial weights.
const SeedParam = "idffnb_seed"

// BF16Param is the parameter of the model's store (a bool) that has Dense and the U-Net's convolutions round the factors of their products to bfloat16.
const BF16Param = "idffnb_bf16"

// Dense is y = x W^T + b: x [batch, in] -> [batch, out], with W [out, in] and b [out] named and laid out as PyTorch's
// nn.Linear, and drawn as it draws them: uniform in +-1/sqrt(in). The draw depends on the seed and the name alone.
func Dense(scope *model.Scope, name string, x *Node, out int) *Node {
	in := x.Shape().Dimensions[x.Rank()-1]
	scope = scope.At("%s", name)
	weight := uniform(scope, "weight", 1/math.Sqrt(float64(in)), shapes.Make(dtypes.Float32, out, in)).NodeValue(x.Graph())
	bias := uniform(scope, "bias", 1/math.Sqrt(float64(in)), shapes.Make(dtypes.Float32, out)).NodeValue(x.Graph())
	return product(scope, x, weight, bias)
}

// product is x W^T + b along the last axis of x.
func product(scope *model.Scope, x, weight, bias *Node) *Node {
	if model.GetRootParamOr(scope.Store(), BF16Param, false) {
		x, weight = ConvertDType(x, dtypes.BFloat16), ConvertDType(weight, dtypes.BFloat16)
	}
	y := Dot(x, weight).WithOutputDType(dtypes.Float32).General([]int{x.Rank() - 1}, nil, []int{1}, nil) // sums are float32 always
	return Add(y, ExpandLeftToRank(bias, y.Rank()))
}

// Embedding is a table of learned vectors, drawn from N(0, 1) as PyTorch's nn.Embedding: indices [batch] (integers) ->
// [batch, size].
func Embedding(scope *model.Scope, name string, indices *Node, rows, size int) *Node {
	table := draw(scope.At("%s", name), "weight", shapes.Make(dtypes.Float32, rows, size), (*rand.Rand).NormFloat64)
	return Gather(table.NodeValue(indices.Graph()), ExpandAxes(indices, -1))
}

func uniform(scope *model.Scope, name string, bound float64, shape shapes.Shape) *model.Variable {
	return draw(scope, name, shape, func(rng *rand.Rand) float64 { return bound * (2*rng.Float64() - 1) })
}

// draw returns the variable of that name, created on the host if it is new, so that every backend starts from the same
// weights.
func draw(scope *model.Scope, name string, shape shapes.Shape, next func(*rand.Rand) float64) *model.Variable {
	if v := scope.GetVariable(name); v != nil {
		return scope.VariableWithShape(name, shape)
	}
	seed := model.GetRootParamOr(scope.Store(), SeedParam, int64(0))
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(scope.Scope() + "/" + name)) // a hash never fails
	rng := rand.New(rand.NewPCG(uint64(seed), hash.Sum64()))
	values := make([]float32, shape.Size())
	for i := range values {
		values[i] = float32(next(rng))
	}
	return scope.VariableWithValue(name, tensors.FromFlatDataAndDimensions(values, shape.Dimensions...))
}

package net

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
)

// MLP is the network of IDFF's 2-D experiments: (x, t) -> Layers hidden layers of Width with SELU -> Heads*dim. A cond
// [batch, n] or [batch] is concatenated to (x, t). Layers are named net.0, net.2, ... as in the released nn.Sequential.
type MLP struct {
	Width  int // size of a hidden layer; 0 means 256
	Layers int // hidden layers; 0 means 3
	Heads  int // outputs of size dim; 0 means 1
}

// Check says in one line what is wrong with the sizes, or nil.
func (m MLP) Check() error {
	if m.Width < 0 || m.Layers < 0 || m.Heads < 0 {
		return fmt.Errorf("net: MLP with width %d, %d layers and %d heads: sizes must not be negative", m.Width, m.Layers, m.Heads)
	}
	return nil
}

// Predict implements Net.
func (m MLP) Predict(scope *model.Scope, x, t, cond *Node) *Node {
	inputs := []*Node{x, ExpandAxes(t, -1)}
	if cond != nil {
		if cond.Rank() == 1 {
			cond = ExpandAxes(cond, -1)
		}
		inputs = append(inputs, cond)
	}
	return m.layers(scope, Concatenate(inputs, -1), orDefault(m.Heads, 1)*x.Shape().Dimensions[1])
}

// layers are the hidden layers and the last one, of size out.
func (m MLP) layers(scope *model.Scope, h *Node, out int) *Node {
	layers := orDefault(m.Layers, 3)
	for i := range layers {
		h = SELU(Dense(scope, fmt.Sprintf("net.%d", 2*i), h, orDefault(m.Width, 256)))
	}
	return Dense(scope, fmt.Sprintf("net.%d", 2*layers), h, out)
}

// SELU is the scaled exponential linear unit (arXiv 1706.02515): scale u for u > 0, scale alpha (e^u - 1) for u <= 0, with the
// constants of the paper as PyTorch has them. The exponential never sees a positive u, so that no gradient overflows.
func SELU(u *Node) *Node {
	const scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
	positive := GreaterThan(u, ScalarZero(u.Graph(), u.DType()))
	below := Where(positive, ZerosLike(u), u)
	return MulScalar(Where(positive, u, MulScalar(MinusOne(Exp(below)), alpha)), scale)
}

func orDefault(n, value int) int {
	if n == 0 {
		return value
	}
	return n
}

package net

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
)

// TimeEmbedding is the sinusoidal embedding of guided-diffusion and TorchCFM: t [batch] -> [batch, size],
//
//	(cos(t w_0), ..., cos(t w_{m-1}), sin(t w_0), ..., sin(t w_{m-1})),   w_k = 10000^(-k/m),   m = size/2,
//
// and a 0 behind where size is odd. t is not scaled: in [0, 1], as flows have it, all but the first few frequencies hardly turn.
func TimeEmbedding(t *Node, size int) *Node {
	half, batch := size/2, t.Shape().Dimensions[0]
	frequencies := make([]float32, half)
	for k := range frequencies {
		frequencies[k] = float32(math.Exp(-math.Log(10000) * float64(k) / float64(half)))
	}
	angles := Mul(Reshape(t, batch, 1), Reshape(ConstAs(t, frequencies), 1, half))
	parts := []*Node{Cos(angles), Sin(angles)}
	if size%2 == 1 {
		parts = append(parts, BroadcastToDims(ScalarZero(t.Graph(), t.DType()), batch, 1))
	}
	return Concatenate(parts, -1)
}

// embed is a network of one hidden layer on an embedding of size Channels, [batch] -> [batch, 4 Channels]; its layers are name.0 and name.2.
func (u UNet) embed(scope *model.Scope, name string, t *Node) *Node {
	h := Dense(scope, name+".0", TimeEmbedding(t, u.Channels), 4*u.Channels)
	return Dense(scope, name+".2", SiLU(h), 4*u.Channels)
}

// embedding is what every residual block sees beside the image, [batch, 4 Channels]: the time, and of cond [batch] or [batch, m] the label, where there are Classes, and each
// other column, embedded as a time is.
func (u UNet) embedding(scope *model.Scope, t, cond *Node) *Node {
	sum := u.embed(scope, "time_embed", t)
	if cond == nil {
		if u.Classes > 0 {
			panic(fmt.Errorf("net: UNet with %d classes needs the label as cond [batch] or [batch, 1+m]: the data gives none", u.Classes))
		}
		return sum
	}
	batch := t.Shape().Dimensions[0]
	cond = Reshape(cond, batch, -1)
	for k := range cond.Shape().Dimensions[1] {
		column := pick(cond, 1, k)
		switch {
		case u.Classes > 0 && k == 0:
			sum = Add(sum, Embedding(scope, "label_emb", whole(column), u.Classes, 4*u.Channels))
		case u.Classes > 0:
			sum = Add(sum, u.embed(scope, fmt.Sprintf("cond_embed.%d", k-1), column))
		default:
			sum = Add(sum, u.embed(scope, fmt.Sprintf("cond_embed.%d", k), column))
		}
	}
	return sum
}

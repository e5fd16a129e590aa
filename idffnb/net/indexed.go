package net

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
)

// IndexedMLP is an MLP that also sees a learned embedding of an index, such as the label of a class or the frame of a trajectory: cond is [batch] or
// [batch, 1+m], whose first column are whole numbers in [0, Indices); the others are concatenated to the embedding as they are. Numbers outside are
// clamped, as GoMLX's Gather does.
type IndexedMLP struct {
	MLP
	Indices int // rows of the embedding table, at least 1
	Size    int // size of an embedding; 0 means 16
}

// Check says in one line what is wrong with the sizes, or nil.
func (m IndexedMLP) Check() error {
	if m.Indices < 1 || m.Size < 0 {
		return fmt.Errorf("net: IndexedMLP with %d indices of size %d: there must be at least one index, and no negative size", m.Indices, m.Size)
	}
	return m.MLP.Check()
}

// Predict implements Net.
func (m IndexedMLP) Predict(scope *model.Scope, x, t, cond *Node) *Node {
	if cond == nil {
		panic(fmt.Errorf("net: IndexedMLP needs the index as cond [batch] or [batch, 1+m]: the data gives none"))
	}
	batch, index, others := x.Shape().Dimensions[0], cond, (*Node)(nil)
	if cond.Rank() == 2 && cond.Shape().Dimensions[1] > 1 {
		index, others = SliceAxis(cond, 1, AxisElem(0)), afterFirst(cond)
	}
	in := Embedding(scope, "index", ConvertDType(Reshape(index, batch), dtypes.Int32), m.Indices, orDefault(m.Size, 16))
	if others != nil {
		in = Concatenate([]*Node{in, others}, -1)
	}
	return m.MLP.Predict(scope, x, t, in)
}

// afterFirst is cond [batch, 1+m] without its first column, by a matrix product: GoMLX cannot differentiate a slice twice, as MeanFlow does in the last column.
func afterFirst(cond *Node) *Node {
	m := cond.Shape().Dimensions[1] - 1
	shift := make([][]float32, 1+m)
	for i := range shift {
		shift[i] = make([]float32, m)
		if i > 0 {
			shift[i][i-1] = 1
		}
	}
	return MatMul(cond, ConstAs(cond, shift))
}

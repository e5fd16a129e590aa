package net

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
)

// ChainMLP is an MLP that all sites of a chain share, such as the residues of a peptide: what it predicts for a site it makes from the sites up to Reach away, whatever the site's number.
// So each site of each frame teaches it, where an MLP of the whole chain has one frame to learn from.
//
//	x [batch, Sites*k], site by site, with cond [batch, Sites*m] likewise or nil  ->  heads [batch, Heads*Sites*k]
//
// Beyond the ends of the chain everything is 0, and a constant 1 at each site tells the network where that is.
type ChainMLP struct {
	MLP
	Sites    int  // of the chain, at least 1
	Reach    int  // neighbours seen on each side; 0 means 2, negative none
	Periodic bool // x are angles in radians, of which the network sees cosine and sine: it is the same a turn further
}

// Check says in one line what is wrong with the sizes, or nil.
func (m ChainMLP) Check() error {
	if m.Sites < 1 {
		return fmt.Errorf("net: ChainMLP with %d sites: there must be at least one", m.Sites)
	}
	return m.MLP.Check()
}

// Predict implements Net.
func (m ChainMLP) Predict(scope *model.Scope, x, t, cond *Node) *Node {
	batch, dim := x.Shape().Dimensions[0], x.Shape().Dimensions[1]
	each := dim / m.Sites
	features := []*Node{m.bySite("x", x)}
	if m.Periodic {
		features = []*Node{Cos(features[0]), Sin(features[0])}
	}
	if cond != nil {
		features = append(features, m.bySite("cond", cond))
	}
	features = append(features, BroadcastToDims(ScalarOne(x.Graph(), x.DType()), batch, m.Sites, 1))
	rows := batch * m.Sites
	in := Concatenate([]*Node{
		Reshape(m.windows(Concatenate(features, -1)), rows, -1),
		Reshape(BroadcastToDims(Reshape(t, batch, 1), batch, m.Sites), rows, 1),
	}, -1)
	heads := orDefault(m.Heads, 1)
	out := Reshape(m.layers(scope, in, heads*each), batch, m.Sites, heads, each)
	return Reshape(TransposeAllDims(out, 0, 2, 1, 3), batch, heads*dim)
}

// bySite reshapes [batch, Sites*k] to [batch, Sites, k].
func (m ChainMLP) bySite(what string, x *Node) *Node {
	batch, size := x.Shape().Dimensions[0], x.Shape().Size()
	if size%(batch*m.Sites) != 0 {
		panic(fmt.Errorf("net: ChainMLP with %d sites: %s has %d values a row, not equally many for each site", m.Sites, what, size/batch))
	}
	return Reshape(x, batch, m.Sites, -1)
}

// windows gives each site the values of the sites around it: [batch, Sites, k] -> [batch, Sites, (2 Reach + 1) k]. It is a product with a constant matrix, because GoMLX cannot differentiate slices twice.
func (m ChainMLP) windows(x *Node) *Node {
	reach := max(orDefault(m.Reach, 2), 0)
	pick := make([][][]float32, m.Sites) // [site][place in its window][site there]
	for i := range pick {
		for place := range 2*reach + 1 {
			row := make([]float32, m.Sites)
			if j := i + place - reach; j >= 0 && j < m.Sites {
				row[j] = 1
			}
			pick[i] = append(pick[i], row)
		}
	}
	around := DotGeneral(x, []int{1}, nil, ConstAs(x, pick), []int{2}, nil) // [batch, k, Sites, 2 Reach + 1]
	around = TransposeAllDims(around, 0, 2, 3, 1)
	return Reshape(around, x.Shape().Dimensions[0], m.Sites, -1)
}

package net_test

import (
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/net"
)

// folded takes images of 8 x 8 pixels with one colour as images of 4 x 4 with four.
func folded(x []float32) []float32 {
	var out []float32
	for image := range slices.Chunk(x, 64) {
		for i := range 4 {
			for j := range 4 {
				for p := range 4 {
					out = append(out, image[(2*i+p/2)*8+2*j+p%2])
				}
			}
		}
	}
	return out
}

// A network of patches that sees a map beside the image is the network of images folded by hand, four maps beside them, with the input channels of its first convolution in another order; the
// number behind the maps is embedded.
func TestUNetPatchesAndMaps(t *testing.T) {
	b := backend(t)
	whole := net.UNet{Image: [3]int{8, 8, 1}, Maps: 1, Patch: 2, Channels: 32, Blocks: 1, Multipliers: []int{1, 1}, Attention: []int{}, AttentionHeads: 1}
	parts := whole
	parts.Image, parts.Maps, parts.Patch = [3]int{4, 4, 4}, 4, 1
	x, maps, leads := golden.Formula("x", []int{2, 64}), golden.Formula("map", []int{2, 64}), []float32{1, 3}
	run := func(u net.UNet, x, cond []float32) []float32 {
		in := []any{tensors.FromFlatDataAndDimensions(x, 2, len(x)/2), []float32{.25, .875}, tensors.FromFlatDataAndDimensions(cond, 2, len(cond)/2)}
		store := model.NewStore()
		exec, err := model.NewExec(b, store, func(scope *model.Scope, in []*Node) *Node { return golden.PredictUNet(u, scope, in) })
		if err != nil {
			t.Fatal(err)
		}
		exec.MustCall(in...)
		for v := range store.IterVariables() {
			d := v.Shape().Dimensions
			values := golden.Formula(golden.TorchName(v), d)
			if golden.TorchName(v) == "input_blocks.0.0.weight" && u.Maps == 4 { // [32, 8, 3, 3]: channel 4c + p here is 2p + c there
				moved := slices.Clone(values)
				for o := range 32 {
					for c := range 2 {
						for p := range 4 {
							copy(moved[(o*8+4*c+p)*9:(o*8+4*c+p+1)*9], values[(o*8+2*p+c)*9:])
						}
					}
				}
				values = moved
			}
			if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, d...)); err != nil {
				t.Fatal(err)
			}
		}
		if store.GetVariable("/cond_embed.0.2/weight") == nil {
			t.Error("the number behind the maps has no embedding")
		}
		return flat(t, exec.MustCall(in...)[0])
	}
	beside := func(m []float32) (cond []float32) { // four maps of 4 x 4, one for each place in a patch
		for r := range 2 {
			rows := folded(m[64*r : 64*r+64])
			for p := range 4 {
				for i := range 16 {
					cond = append(cond, rows[4*i+p])
				}
			}
			cond = append(cond, leads[r])
		}
		return cond
	}
	cond := append(append(append(slices.Clone(maps[:64]), leads[0]), maps[64:]...), leads[1])
	got, want := folded(run(whole, x, cond)), run(parts, folded(x), beside(maps))
	close1e4(t, "patches", got, want)
	other := slices.Clone(cond)
	other[70]++
	if changed := run(whole, x, other); slices.Equal(folded(changed)[64:], got[64:]) || !slices.Equal(folded(changed)[:64], got[:64]) {
		t.Error("a map of the second row does not change its output, and its output alone")
	}
}

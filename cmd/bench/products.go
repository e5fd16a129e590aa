package main

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/idff-go/workbench/idffnb"
)

// products measures the large matrix products of a field of an order by themselves: what of its time no program for this network could save, short of faster products. Each pass through the network
// has two of [2048, 256] by [256, 256], and a field of order K makes 2^K passes: a forward one, and reverse passes nested K deep.
func products(order int) (string, error) {
	const points, width, chain = 2048, 256, 8
	backend, _, err := idffnb.Backend()
	if err != nil {
		return "", err
	}
	x, w := tensors.FromFlatDataAndDimensions(make([]float32, points*width), points, width), tensors.FromFlatDataAndDimensions(make([]float32, width*width), width, width)
	exec, err := NewExec(backend, func(x, w *Node) *Node {
		for range chain {
			x = Dot(x, w).Product()
		}
		return x
	})
	if err != nil {
		return "", err
	}
	defer exec.Finalize()
	work, err := warm(func() error {
		out, err := exec.Call(x, w)
		if err != nil {
			return err
		}
		return out[0].FinalizeAll()
	})
	if err != nil {
		return "", err
	}
	var each []float64
	for range *rounds {
		c, err := work(10)
		if err != nil {
			return "", err
		}
		each = append(each, c.Seconds/chain)
	}
	n, one := 2<<order, median(each)
	return fmt.Sprintf("its %d products of [%d, %d] and [%d, %d] take %.3g ms by themselves, at %.0f GFLOP/s", n, points, width, width, width, float64(n)*one*1e3, 2*points*width*width/one/1e9), nil
}

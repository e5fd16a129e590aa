// Package net holds the networks of the workbench and the interface for your own.
//
// MLP, IndexedMLP (with labels) and ChainMLP (one for all sites of a chain) are for points of a few dozen numbers, UNet is for images:
//
//	net.UNet{Image: [3]int{32, 32, 3}, Channels: 128, Multipliers: []int{1, 2, 2, 4}, Heads: 2} // the IDFF paper's for CIFAR-10
//
// A network is a type with one method that builds its graph:
//
//	type Linear struct{}
//
//	func (Linear) Predict(scope *model.Scope, x, t, cond *graph.Node) *graph.Node {
//		in := graph.Concatenate([]*graph.Node{x, graph.ExpandAxes(t, -1)}, -1) // [batch, dim+1]
//		return net.Dense(scope, "out", in, x.Shape().Dimensions[1])           // [batch, dim]
//	}
//
// Predict is called many times in one graph (a sampling evaluates the network at every stage), each time with a scope at the
// root: name variables the same way at each call, as net.Dense does, and they are shared. Rows of a batch must not depend on
// each other, since derivatives are taken of sums over the batch. Exported fields belong to the experiment's identity.
package net

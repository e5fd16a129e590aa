package net_test

import (
	"fmt"

	"github.com/idff-go/workbench/idffnb/net"
)

// A small U-Net for 28 x 28 pixels in grey, with labels and a score head.
func ExampleUNet() {
	small := net.UNet{Image: [3]int{28, 28, 1}, Channels: 32, Multipliers: []int{1, 2, 2}, Blocks: 1, Attention: []int{7}, AttentionHeads: 2, Classes: 11, Heads: 2}
	fmt.Println(small.Check())
	small.Multipliers = []int{1, 2, 2, 2}
	fmt.Println(small.Check())
	// Output:
	// <nil>
	// net: UNet: 4 levels halve images of 28 x 28 pixels 3 times, which does not come out even: give fewer Multipliers, or pad the images
}

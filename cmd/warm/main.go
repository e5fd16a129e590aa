// Command warm imports what the cells of the notebooks import: building it fills Go's build cache, so that the first cell takes
// a second or two instead of a minute. Run, it computes one number and prints the backend that cells will use.
package main

import (
	"fmt"
	"os"

	. "github.com/gomlx/gomlx/core/graph"
	_ "github.com/gomlx/gomlx/ml/model"
	_ "github.com/gomlx/gomlx/ml/train/optimizer"
	_ "github.com/janpfeifer/gonb/gonbui"

	_ "github.com/idff-go/workbench/datasets"
	_ "github.com/idff-go/workbench/explorer"
	_ "github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb"
)

func main() {
	backend, info, err := idffnb.Backend()
	if err == nil {
		_, err = CallOnce(backend, func(x *Node) *Node { return Add(x, x) }, float32(1))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(info)
}

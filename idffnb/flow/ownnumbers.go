package flow

import (
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
)

// ownNumbers are the coefficients of an own path as numbers, for what is decided before a graph is built: solvers that take the path's schedule, and the times at which predictions stand still.
type ownNumbers struct {
	noisy    bool
	from, to float64 // see still

	lock  sync.Mutex
	exec  *Exec // (a, b, a', b') at times [1]
	dtype dtypes.DType
	known map[float64][4]float64
}

// ownPath is an interpolant by its address, by which its numbers are kept: apart from it, since a path is told from others by all that it holds.
type ownPath struct{ of Interpolant }

var ownNumbersOf sync.Map // *ownPath -> func() (*ownNumbers, error)

// pureGo computes them, without any plugin.
var pureGo = sync.OnceValues(func() (compute.Backend, error) { return gobackend.New("ops_sequential") })

// numbers are those of the path. The error is one line, for coefficients that cannot be computed.
func (p Path) numbers() (*ownNumbers, error) {
	found, _ := ownNumbersOf.LoadOrStore(p.own, sync.OnceValues(func() (*ownNumbers, error) {
		var first error
		for _, dtype := range []dtypes.DType{dtypes.Float64, dtypes.Float32} { // coefficients may hold constants of float32, as training has them
			n, err := p.compute(dtype)
			if err == nil {
				return n, nil
			}
			if first == nil {
				first = err
			}
		}
		return nil, first
	}))
	return found.(func() (*ownNumbers, error))()
}

func (p Path) compute(dtype dtypes.DType) (n *ownNumbers, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("%v", caught)
		}
		if err != nil {
			line, _, _ := strings.Cut(err.Error(), "\n")
			err = fmt.Errorf("flow: the coefficients of path %v cannot be computed at t in [0, 1]: %s", p, strings.TrimPrefix(line, "flow: "))
		}
	}()
	backend, err := pureGo()
	if err != nil {
		return nil, err
	}
	n = &ownNumbers{dtype: dtype, known: map[float64][4]float64{}}
	n.exec, err = NewExec(backend, func(t *Node) *Node {
		a, b, _, noisy := p.coefficients(t)
		n.noisy = noisy
		return Concatenate([]*Node{a, b, rate(a, t), rate(b, t)}, 0)
	})
	if err != nil {
		return nil, err
	}
	n.from, n.to = stillOf(n.at)
	return n, nil
}

// at is a, b, a' and b'. It panics where they cannot be computed.
func (n *ownNumbers) at(t float64) (a, b, da, db float64) {
	n.lock.Lock()
	defer n.lock.Unlock()
	v, ok := n.known[t]
	if !ok {
		var input any = []float64{t}
		if n.dtype == dtypes.Float32 {
			input = []float32{float32(t)}
		}
		out, err := n.exec.Call1(input)
		if err != nil {
			panic(err)
		}
		for i := range v {
			if n.dtype == dtypes.Float32 {
				v[i] = float64(tensors.MustCopyFlatData[float32](out)[i])
			} else {
				v[i] = tensors.MustCopyFlatData[float64](out)[i]
			}
		}
		if t == 1 && math.Abs(v[1]) < noGap { // cos(pi/2), say
			v[1] = 0
		}
		n.known[t] = v
	}
	return v[0], v[1], v[2], v[3]
}

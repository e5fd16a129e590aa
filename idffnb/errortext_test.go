package idffnb

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// packagePrefix is what errors of the packages begin with.
var packagePrefix = regexp.MustCompile(`\b(idffnb|flow|solver|net|metric|plugin|checkpoint|ot|datasets|feature|unpickle): `)

// checkText fails unless the error is one line, in which no package's prefix stands twice.
func checkText(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	text, seen := err.Error(), map[string]bool{}
	for _, prefix := range packagePrefix.FindAllString(text, -1) {
		if seen[prefix] {
			t.Errorf("%q twice in: %s", prefix, text)
		}
		seen[prefix] = true
	}
	if strings.Contains(text, "\n") {
		t.Errorf("more than one line: %s", text)
	}
}

// errDeep is an error of this package, of two lines, as parts of a user's own that call it have them.
var errDeep = errors.New("idffnb: deep: this\nand that")

// deep are parts of a user's own that fail with errDeep.
type (
	deepData     struct{ ownData }
	deepCoupling struct{ ownCoupling }
	deepRefusal  struct{ ownCoupling }
	deepTimes    struct{ ownTimes }
	deepPath     struct{ ownPath }
	deepNet      struct{ ownNet }
	deepField    struct{ mineField }
	deepSolver   struct{ ownSolver }
	deepScorer   struct{}
	deepGap      struct{}
)

func (deepData) Batch(*rand.Rand, int) (x0, x1, cond []float32) { panic(errDeep) }
func (deepCoupling) Pairs(_ *rand.Rand, _, _ []float32, _ int) (i, j []int, err error) {
	panic(errDeep)
}
func (deepRefusal) Pairs(_ *rand.Rand, _, _ []float32, _ int) (i, j []int, err error) {
	return nil, nil, errDeep
}
func (deepTimes) Draw(*rand.Rand, int) []float32                            { panic(errDeep) }
func (deepPath) Coefficients(*Node) (a, b, c *Node)                         { panic(errDeep) }
func (deepNet) Predict(_ *model.Scope, _, _, _ *Node) *Node                 { panic(errDeep) }
func (deepField) Velocity(*flow.Model, flow.Point, []*Node) *Node           { panic(errDeep) }
func (deepSolver) Integrate(solver.Field, *Node) []*Node                    { panic(errDeep) }
func (deepScorer) ID() string                                               { return "deep" }
func (deepScorer) Floor(int, int, uint64) (map[string]float64, error)       { return nil, errDeep }
func (deepScorer) Score([]float32, int, uint64) (map[string]float64, error) { return nil, errDeep }
func (deepGap) Name() string                                                { return "deep" }
func (deepGap) Gap(_, _ []float32) (far float64, gradient []float32, err error) {
	return 0, nil, errDeep
}

// TestErrorText: what fails in an own part, in words of this package or of others, is said in one line without a prefix that stands twice.
func TestErrorText(t *testing.T) {
	training := func(change func(*Experiment), options ...TrainOption) func() error {
		return func() error {
			e := owned(t)
			change(&e)
			e.Steps = 4
			r, err := Open(e)
			if err != nil {
				return err
			}
			r.backend = pureGo(t)
			return r.Train(options...)
		}
	}
	trained := trainedBriefly(t, owned(t))
	sampling := func(f flow.Field, s solver.Solver) func() error {
		return func() error { _, err := trained.Sample(4, f, s, Unkept()); return err }
	}
	for name, f := range map[string]func() error{
		"data":             training(func(e *Experiment) { e.Data = deepData{} }),
		"coupling":         training(func(e *Experiment) { e.Coupling = deepCoupling{} }),
		"coupling refuses": training(func(e *Experiment) { e.Coupling = deepRefusal{} }),
		"times":            training(func(e *Experiment) { e.Times = deepTimes{} }),
		"path":             training(func(e *Experiment) { e.Path = flow.OwnPath(deepPath{}) }),
		"net":              training(func(e *Experiment) { e.Net = deepNet{} }),
		"no such path":     training(func(e *Experiment) { e.Path = flow.Path{Kind: "no"} }),
		"watch":            training(func(*Experiment) {}, Watch(2, func(*Run) error { return errDeep })),
		"watch samples":    training(func(*Experiment) {}, Watch(2, func(r *Run) error { _, err := r.Sample(0, flow.CFM(), solver.Euler(2)); return err })),
		"field":            sampling(deepField{}, solver.Euler(2)),
		"field, adaptive":  sampling(deepField{}, solver.Dopri5(1e-2, 1e-2)),
		"own solver":       sampling(flow.CFM(), deepSolver{}),
		"adaptive":         sampling(flow.CFM(), solver.Dopri5(-1, 0)),
		"stopped":          sampling(flow.CFM(), solver.Adaptive{Method: "dopri5", RTol: 1e-6, MaxEvaluations: 9}),
		"times asked for":  sampling(flow.CFM(), solver.Adaptive{Method: "dopri5", RTol: 1e-3, At: []float64{2}}),
		"gamma":            sampling(flow.IDFF(1e9), solver.RK4(2)),
		"log-likelihood": func() error {
			_, err := trained.LogLikelihood([]float32{0, 1}, deepField{}, solver.Euler(2))
			return err
		},
		"scorer": func() error {
			_, err := trained.Evaluate(flow.CFM(), solver.Euler(2), Judge{N: 4, Seeds: []uint64{0}, Scorer: deepScorer{}})
			return err
		},
		"scorer's floor": func() error {
			_, err := trained.Floor(Judge{N: 4, Seeds: []uint64{0}, Scorer: deepScorer{}})
			return err
		},
		"gap": func() error {
			_, err := trained.LearnSchedule(2, Learning{Gap: deepGap{}, Steps: 2})
			return err
		},
		"roll-out": func() error {
			_, err := trained.RollOut(RollOut{}, flow.CFM(), solver.Euler(2))
			return err
		},
		"untrained": func() error {
			_, err := mustOpen(t, owned(t)).RollOut(RollOut{}, flow.CFM(), solver.Euler(2))
			return err
		},
		"weights":  func() error { _, err := Import(t.TempDir(), owned(t)); return err },
		"measured": func() error { e := owned(t); e.Data = deepData{}; _, err := MeasureTraining(e, 2); return err },
		"data to judge by": func() error {
			r := trainedBriefly(t, owned(t)) // whose data are changed
			r.exp.Data = deepData{}
			_, err := r.Evaluate(flow.CFM(), solver.Euler(2), Judge{N: 4, Seeds: []uint64{0}, Metrics: []string{"mmd2"}})
			return err
		},
		"metric": func() error {
			_, err := trained.Evaluate(flow.CFM(), solver.Euler(2), Judge{N: 4, Seeds: []uint64{0}, Metrics: []string{"no"}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := soon(t, name, f)
			checkText(t, err)
			if testing.Verbose() {
				fmt.Println(name+":", err)
			}
		})
	}
}

package idffnb

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// A network, data, coupling, path, field and solver as a cell would define them. Fault makes one misbehave.

type ownNet struct {
	Width int
	Fault string
}

func (n ownNet) Predict(scope *model.Scope, x, t, cond *Node) *Node {
	switch n.Fault {
	case "text":
		panic("my own words\nand more")
	case "nil":
		return nil
	case "fixed":
		return MulScalar(x, 2)
	case "regular":
		train.AddRegularizationLoss(ReduceAllSum(Square(x)))
	}
	h := Sin(net.Dense(scope, "in", Concatenate([]*Node{x, ExpandAxes(t, -1)}, -1), n.Width))
	return net.Dense(scope, "out", h, x.Shape().Dimensions[1])
}

type pointedNet struct{ ownNet }

type ownData struct {
	Radius float64
	Fault  string
}

func (ownData) Name() string { return "own circle" }
func (ownData) Dim() int     { return 2 }
func (d ownData) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	for range n {
		sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
		x1 = append(x1, float32(d.Radius*cos), float32(d.Radius*sin))
	}
	switch d.Fault {
	case "text":
		panic("no more points")
	case "width":
		cond = make([]float32, n*(1+rng.IntN(2)))
	}
	return nil, x1, cond
}

// ownClasses is ownData with labels of 3 classes.
type ownClasses struct{ ownData }

func (ownClasses) Classes() int { return 3 }
func (d ownClasses) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	_, x1, _ = ownData{Radius: d.Radius}.Batch(rng, n)
	cond = make([]float32, n)
	switch d.Fault {
	case "high":
		cond[1] = 3
	case "half":
		cond[1] = 1.5
	case "wide":
		cond = make([]float32, 2*n)
	case "none":
		cond = nil
	}
	return nil, x1, cond
}

type ownCoupling struct{ Fault string }

func (ownCoupling) Name() string { return "own reversal" }
func (c ownCoupling) Pairs(_ *rand.Rand, x0, _ []float32, dim int) (i, j []int, err error) {
	n := len(x0) / dim
	for k := range n {
		i, j = append(i, k), append(j, n-1-k)
	}
	switch c.Fault {
	case "text":
		panic("no pairs")
	case "high":
		j[2] = n
	case "low":
		i[2] = -1
	case "few":
		i = i[1:]
	}
	return i, j, nil
}

// ownTimes are the early ones.
type ownTimes struct{ Fault string }

func (ownTimes) Name() string { return "early" }
func (o ownTimes) Draw(rng *rand.Rand, n int) []float32 {
	times := make([]float32, n)
	for k := range times {
		times[k] = rng.Float32() / 4
	}
	switch o.Fault {
	case "text":
		panic("no time")
	case "late":
		times[3] = 1
	case "nan":
		times[4] = float32(math.NaN())
	case "few":
		times = times[1:]
	}
	return times
}

type ownPath struct{ Fault string }

func (p ownPath) Coefficients(t *Node) (a, b, c *Node) {
	switch p.Fault {
	case "text":
		panic("no path")
	case "a":
		return nil, OneMinus(t), nil
	case "b":
		return t, nil, nil
	}
	return Square(t), OneMinus(Square(t)), nil
}

type mineField struct{ Fault string }

func (mineField) Name() string       { return "own field" }
func (mineField) Factors() []float64 { return []float64{2} }
func (f mineField) Velocity(m *flow.Model, at flow.Point, factors []*Node) *Node {
	switch f.Fault {
	case "text":
		panic("no velocity")
	case "nil":
		return nil
	case "scalar":
		return factors[0]
	}
	return Mul(m.Predict(at, 0).Velocity, MulScalar(factors[0], .5))
}

// ownSolver is Euler's method with steps of its own.
type ownSolver struct{ Fault string }

func (ownSolver) Name() string    { return "own solver" }
func (ownSolver) Steps() int      { return 2 }
func (ownSolver) Grid() []float64 { return []float64{0, .25, 1} }
func (s ownSolver) Integrate(field solver.Field, x *Node) []*Node {
	states := []*Node{x}
	grid := s.Grid()
	for k := range s.Steps() {
		x = Add(x, MulScalar(field(x, solver.At(grid[k])), grid[k+1]-grid[k]))
		states = append(states, x)
	}
	switch s.Fault {
	case "text":
		panic("no steps")
	case "few":
		states = states[:2]
	case "nil":
		states[1] = nil
	case "scalar":
		states[2] = ReduceAllSum(x)
	}
	return states
}

// owned is an experiment of nothing but own parts.
func owned(t testing.TB) Experiment {
	t.Helper()
	t.Setenv("IDFF_RUNS", t.TempDir())
	return Experiment{Name: "owned", Data: ownData{Radius: 2}, Net: ownNet{Width: 16}, Coupling: ownCoupling{}, Path: flow.OwnPath(ownPath{}), Objective: flow.Velocity(),
		Batch: 32, Steps: 30, LearningRate: 5e-3}
}

// TestEverythingOwn: own network, data, coupling, path, field and solver together train, sample, are judged, learn a schedule, have likelihoods, and leave as weights and come back.
func TestEverythingOwn(t *testing.T) {
	e := owned(t)
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	out, err := r.Sample(16, mineField{}, ownSolver{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.Sample(16, flow.CFM(), solver.EulerOn(0, .25, 1))
	if err != nil || !slices.EqualFunc(out.X, again.X, func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-5 }) || out.Cost.Forwards != 2 {
		t.Errorf("own field and solver differ from the same ones of the workbench, or cost %v: %v", out.Cost, err)
	}
	report, err := r.Evaluate(mineField{}, ownSolver{}, Judge{N: 64, Seeds: Seeds(1, 2)})
	if err != nil || !(report.Mean("mmd2") > 0) || report.Field != "own field" {
		t.Errorf("judged: %+v, %v", report, err)
	}
	learned, err := r.LearnSchedule(2, Learning{Steps: 3, Points: 32})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Sample(16, learned.Field(), learned.Solver()); err != nil {
		t.Error(err)
	}
	x := out.X[:8]
	for _, s := range []solver.Solver{ownSolver{}, solver.Midpoint(4)} {
		l, err := r.LogLikelihood(x, mineField{}, s)
		if err != nil || len(l.LogP) != 4 || !finite(l.LogP[0]) {
			t.Errorf("log-likelihood with %s: %v, %v", s.Name(), l, err)
		}
	}
	file := filepath.Join(t.TempDir(), "owned.safetensors")
	if err := r.Export(file); err != nil {
		t.Fatal(err)
	}
	back, err := Import(file, e)
	if err != nil {
		t.Fatal(err)
	}
	back.backend = r.backend
	if got, err := back.Sample(16, mineField{}, ownSolver{}); err != nil || !slices.Equal(got.X, out.X) {
		t.Errorf("imported weights sample otherwise: %v", err)
	}
}

// soon fails the test where f does not return: GoMLX waits for ever after some panics.
func soon(t *testing.T, what string, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatalf("%s hangs", what)
		return nil
	}
}

// TestOwnFaults: what is wrong in an own part is said in one line that names it.
func TestOwnFaults(t *testing.T) {
	train := func(change func(*Experiment)) error {
		e := owned(t)
		change(&e)
		e.Steps = 4
		return soon(t, "training", func() error {
			r, err := Open(e)
			if err != nil {
				return err
			}
			r.backend = pureGo(t)
			return r.Train()
		})
	}
	labelled := func(fault string) func(*Experiment) {
		return func(e *Experiment) { e.Data, e.Net = ownClasses{ownData{2, fault}}, nil }
	}
	for _, c := range []struct {
		want   string
		change func(*Experiment)
	}{
		{"training step: network idffnb.ownNet: my own words", func(e *Experiment) { e.Net = ownNet{8, "text"} }},
		{"network idffnb.ownNet has no parameters to train", func(e *Experiment) { e.Net = ownNet{8, "fixed"} }},
		{"network idffnb.ownNet adds a loss of its own", func(e *Experiment) { e.Net = ownNet{8, "regular"} }},
		{"data is a nil *idffnb.Pairs", func(e *Experiment) { e.Data = (*Pairs)(nil) }},
		{"net is a nil *idffnb.pointedNet", func(e *Experiment) { e.Net = (*pointedNet)(nil) }},
		{"coupling is a nil *idffnb.ownCoupling", func(e *Experiment) { e.Coupling = (*ownCoupling)(nil) }},
		{"network idffnb.ownNet returned nil", func(e *Experiment) { e.Net = ownNet{8, "nil"} }},
		{"data own circle panicked: no more points", func(e *Experiment) { e.Data = ownData{2, "text"} }},
		{"data own circle gives 32 numbers of cond for 32 points, and gave 64 before", func(e *Experiment) { e.Data, e.Net, e.Seed = ownData{2, "width"}, net.MLP{Width: 8}, 2 }},
		{"the label of row 1 is 3, want whole numbers from 0 to 2", labelled("high")},
		{"the label of row 1 is 1.5, want", labelled("half")},
		{"has 3 classes, and 64 labels for 32 points", labelled("wide")},
		{"has 3 classes, and 0 labels for 32 points", labelled("none")},
		{"coupling own reversal panicked: no pairs", func(e *Experiment) { e.Coupling = ownCoupling{"text"} }},
		{"coupling own reversal returned the pair (2, 32): want rows from 0 to 31", func(e *Experiment) { e.Coupling = ownCoupling{"high"} }},
		{"coupling own reversal returned the pair (-1, 29)", func(e *Experiment) { e.Coupling = ownCoupling{"low"} }},
		{"coupling own reversal returned 31 and 32 rows, want 32", func(e *Experiment) { e.Coupling = ownCoupling{"few"} }},
		{"times early panicked: no time", func(e *Experiment) { e.Times = ownTimes{"text"} }},
		{"times early: time 3 is 1, want 0 or more and less than 1", func(e *Experiment) { e.Times = ownTimes{"late"} }},
		{"times early: time 4 is NaN", func(e *Experiment) { e.Times = ownTimes{"nan"} }},
		{"times early: 31 of them, want 32", func(e *Experiment) { e.Times = ownTimes{"few"} }},
		{"times is a nil *idffnb.ownTimes", func(e *Experiment) { e.Times = (*ownTimes)(nil) }},
		{"logit-normal times of mean 0 and standard deviation 0: want", func(e *Experiment) { e.Times = flow.LogitNormal(0, 0) }},
		{"objective meanflow draws pairs of times of its own, and early times would be left out", func(e *Experiment) { e.Objective, e.Times = flow.AverageVelocity(), ownTimes{} }},
		{"no path", func(e *Experiment) { e.Path = flow.OwnPath(ownPath{"text"}) }},
		{"a coefficient is nil", func(e *Experiment) { e.Path = flow.OwnPath(ownPath{"a"}) }},
		{"a coefficient is nil", func(e *Experiment) { e.Path = flow.OwnPath(ownPath{"b"}) }},
		{`unknown path "own(nil)"`, func(e *Experiment) { e.Path = flow.OwnPath(nil) }},
	} {
		expectLine(t, c.want, train(c.change), c.want)
	}
	e := owned(t)
	e.Net = ownNet{8, "text"}
	_, err := CheckWeights(torchFile("state.pt"), e)
	expectLine(t, "import", err, "my own words")
	e.Data = (*Pairs)(nil)
	_, err = CheckWeights(torchFile("state.pt"), e)
	expectLine(t, "import", err, "data is a nil *idffnb.Pairs")

	r := trainedBriefly(t, owned(t))
	for _, c := range []struct {
		want  string
		field flow.Field
		s     solver.Solver
	}{
		{"no velocity", mineField{"text"}, solver.Euler(2)},
		{"no velocity", mineField{"text"}, solver.Dopri5(1e-2, 1e-2)},
		{"field own field returned nil", mineField{"nil"}, solver.Euler(2)},
		{"field own field returned nil", mineField{"nil"}, solver.Dopri5(1e-2, 1e-2)},
		{"field own field returned (Float32), want a velocity of the state's shape (Float32)[4, 2]", mineField{"scalar"}, solver.Euler(2)},
		{"no steps", flow.CFM(), ownSolver{"text"}},
		{"returned 2 states, want one for each of the 3 times", flow.CFM(), ownSolver{"few"}},
		{"returned nil as state 1", flow.CFM(), ownSolver{"nil"}},
		{"returned (Float32) as state 2", flow.CFM(), ownSolver{"scalar"}},
	} {
		expectLine(t, c.want, soon(t, c.want, func() error { _, err := r.Sample(4, c.field, c.s); return err }), c.want)
	}
	for _, fault := range []string{"text", "nil", "scalar"} {
		expectLine(t, "log-likelihood", soon(t, "log-likelihood", func() error {
			_, err := r.LogLikelihood([]float32{0, 1}, mineField{fault}, solver.Euler(2))
			return err
		}), map[string]string{"text": "no velocity"}[fault])
	}
}

// straight is named as a path of the table.
type straight struct{}

func (straight) Coefficients(t *Node) (a, b, c *Node) { return Square(t), OneMinus(Square(t)), nil }

// hidden has a field that its JSON form leaves out.
type hidden struct {
	ownData
	radius float64
}

// marshalled has such a field, and says so itself.
type marshalled struct{ hidden }

func (m marshalled) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(m.radius)) }

// outside has a field that does not count, on purpose.
type outside struct {
	ownData
	Seen *int `json:"-"`
}

// pointed is a path whose value is behind a pointer.
type pointed struct{ At *float64 }

func (pointed) Coefficients(t *Node) (a, b, c *Node) { return t, OneMinus(t), nil }

// TestOwnIdentity: no two own parts that differ have the same identity; what would be left out of it is refused.
func TestOwnIdentity(t *testing.T) {
	dir := func(change func(*Experiment)) string {
		t.Helper()
		e := small(t)
		e.Objective = flow.Velocity()
		change(&e)
		identity, err := e.withDefaults().identity()
		if err != nil {
			t.Fatal(err)
		}
		return hash(identity)
	}
	a, b, c := 1., 1., 2.
	for what, pair := range map[string][2]string{
		"a path named straight": {dir(func(e *Experiment) {}), dir(func(e *Experiment) { e.Path = flow.OwnPath(straight{}) })},
		"a marshalled field":    {dir(func(e *Experiment) { e.Data = marshalled{hidden{radius: 1}} }), dir(func(e *Experiment) { e.Data = marshalled{hidden{radius: 2}} })},
		"values behind pointers": {dir(func(e *Experiment) { e.Path = flow.OwnPath(&pointed{&a}) }),
			dir(func(e *Experiment) { e.Path = flow.OwnPath(&pointed{&c}) })},
	} {
		if pair[0] == pair[1] {
			t.Errorf("%s: two experiments have one folder", what)
		}
	}
	same := func(p *float64) string { return dir(func(e *Experiment) { e.Path = flow.OwnPath(pointed{p}) }) }
	if same(&a) != same(&b) {
		t.Error("equal values behind two pointers have different folders")
	}
	if e := small(t); e.Path.String() != "straight" || flow.OwnPath(straight{}).String() != "idffnb.straight" {
		t.Errorf("paths %v and %v", e.Path, flow.OwnPath(straight{}))
	}
	p := flow.Velocity().Prediction(flow.OwnPath(straight{}), nil, nil, solver.At(.5))
	if p.X1 != nil || p.Score != nil {
		t.Error("a path that is called straight is taken for the straight one")
	}

	n := 1
	dir(func(e *Experiment) { e.Data = outside{ownData{Radius: 1}, &n} })
	for _, c := range []struct {
		want   string
		change func(*Experiment)
	}{
		{"data idffnb.hidden: the field radius is not exported", func(e *Experiment) { e.Data = hidden{radius: 1} }},
		{"data *idffnb.hidden: the field radius is not exported", func(e *Experiment) { e.Data = &hidden{radius: 1} }},
		{"data idffnb.listed: the field radius", func(e *Experiment) { e.Data = listed{Of: []hidden{{}}} }},
		{"data idffnb.listed cannot be described: json: unsupported type: func()", func(e *Experiment) { e.Data = listed{F: func() {}} }},
	} {
		e := small(t)
		c.change(&e)
		_, err := Open(e)
		expectLine(t, c.want, err, c.want)
		if !strings.Contains(fmt.Sprint(err), "a method ID() string") {
			t.Errorf("%v does not say what to do", err)
		}
	}
	for want, v := range map[string]any{
		"idffnb.ownData": ownData{}, "*idffnb.ownData": &ownData{}, "net.MLP": net.MLP{}, "*math/rand/v2.PCG": &rand.PCG{}, "datasets.Toy": datasets.Moons(), "[]int": []int{},
	} {
		if got := typeName(v); got != want {
			t.Errorf("type %s, want %s", got, want)
		}
	}
}

// listed holds others.
type listed struct {
	ownData
	Of []hidden
	F  func()
}

// scalarCond is data with a condition of one number.
type scalarCond struct{ ownData }

func (d scalarCond) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	_, x1, _ = d.ownData.Batch(rng, n)
	for i := range n {
		cond = append(cond, x1[2*i])
	}
	return nil, x1, cond
}

// TestConditionOfOneNumber: the default network takes a condition of one number, which comes as [batch].
func TestConditionOfOneNumber(t *testing.T) {
	e := owned(t)
	e.Data, e.Net, e.Coupling = scalarCond{ownData{Radius: 1}}, nil, nil
	r := trainedBriefly(t, e)
	if _, err := r.Sample(3, flow.CFM(), solver.Euler(1), WithCond([]float32{0, .5, 1})); err != nil {
		t.Error(err)
	}
}

// TestVelocityOfLabels: the velocity is that on the condition given.
func TestVelocityOfLabels(t *testing.T) {
	r := trainedBriefly(t, conditional(t))
	x := []float32{0, 1, 0, 1}
	velocity := func(options ...SampleOption) []float32 {
		t.Helper()
		v, err := r.Velocity(x, .5, flow.CFM(), options...)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	one, two := velocity(WithLabel(1)), velocity(WithLabel(2))
	mixed := velocity(WithLabels([]int{2, 1}))
	if slices.Equal(one, two) || !slices.Equal(mixed, append(append([]float32{}, two[:2]...), one[2:]...)) {
		t.Errorf("velocities %v of label 1, %v of 2, %v of 2 and 1", one, two, mixed)
	}
	if got := velocity(WithCond([]float32{1, 1}), WithShrink(2), WithStart([]float32{9, 9, 9, 9})); !slices.Equal(got, one) {
		t.Errorf("the velocity is not that at the points: %v, want %v", got, one)
	}
	for want, x := range map[string][]float32{"3 values given, want points of size 2": {1, 2, 3}, "0 values given": nil} {
		_, err := r.Velocity(x, .5, flow.CFM())
		expectLine(t, want, err, want)
	}
	_, err := r.Velocity(x, .5, flow.CFM(), WithLabel(8))
	expectLine(t, "label", err, "label 8")
}

// insideNet enters its scopes once only, as the layers of GoMLX do.
type insideNet struct{}

func (insideNet) Predict(scope *model.Scope, x, t, _ *Node) *Node {
	dense := func(scope *model.Scope, x *Node, out int) *Node {
		start := make([]float32, x.Shape().Dimensions[1]*out)
		for i := range start {
			start[i] = float32(math.Sin(float64(1 + i)))
		}
		weight := scope.In("dense").VariableWithValue("weights", start)
		return Dot(x, Reshape(weight.NodeValue(x.Graph()), -1, out)).Product()
	}
	h := Sin(dense(scope.In("hidden"), Concatenate([]*Node{x, ExpandAxes(t, -1)}, -1), 8))
	return dense(scope.In("out"), h, x.Shape().Dimensions[1])
}

// TestNetworkThatEntersScopesOnce: the network is built for each evaluation with a scope that nothing has visited, and all share its variables.
func TestNetworkThatEntersScopesOnce(t *testing.T) {
	e := small(t)
	e.Net, e.Objective = insideNet{}, flow.Velocity()
	r := trainedBriefly(t, e)
	trained := len(weights(t, r))
	euler, err := r.Sample(4, flow.CFM(), solver.Euler(1))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range r.MustVelocity(euler.States[0], 0, flow.CFM()) {
		if got := euler.X[i] - euler.States[0][i]; math.Abs(float64(got-v)) > 1e-5 {
			t.Fatalf("value %d of a step is %g, want the velocity %g", i, got, v)
		}
	}
	for _, s := range []solver.Solver{solver.RK4(2), solver.Dopri5(1e-2, 1e-2)} {
		if _, err := r.Sample(4, flow.IDFF(.7), s); err != nil {
			t.Errorf("%v: %v", s, err)
		}
		if _, err := r.LogLikelihood(euler.X, flow.CFM(), s); err != nil {
			t.Errorf("log-likelihood with %v: %v", s, err)
		}
	}
	if n := len(weights(t, r)); n != trained {
		t.Errorf("%d variables after sampling, %d after training", n, trained)
	}
}

package ot

import (
	"fmt"
	"math"
	"testing"
)

// direct runs Sinkhorn's iteration in the log domain term by term, without the kernel matrix of scaling.
func direct(a, b, cost []float64, reg float64, iterations int) []float64 {
	n, m := len(a), len(b)
	x, y := make([]float64, n), make([]float64, m)
	logSum := func(k int, term func(int) float64) float64 {
		peak, sum := math.Inf(-1), 0.0
		for i := range k {
			peak = max(peak, term(i))
		}
		for i := range k {
			sum += math.Exp(term(i) - peak)
		}
		return peak + math.Log(sum)
	}
	for range iterations {
		for j := range m {
			y[j] = math.Log(b[j]) - logSum(n, func(i int) float64 { return x[i] - cost[i*m+j]/reg })
		}
		for i := range n {
			x[i] = math.Log(a[i]) - logSum(m, func(j int) float64 { return y[j] - cost[i*m+j]/reg })
		}
	}
	p := make([]float64, n*m)
	for k := range p {
		p[k] = math.Exp(x[k/m] + y[k%m] - cost[k]/reg)
	}
	return p
}

func testProblem(n, m int, seed uint64) (a, b, cost []float64) {
	r := newRand(seed)
	cost, _ = SquaredDistances(toy("normal", n, r), toy("8gaussians", m, r), 2)
	weights := func(k int) []float64 {
		w, sum := make([]float64, k), 0.0
		for i := range w {
			w[i] = .1 + r.Float64()
			sum += w[i]
		}
		for i := range w {
			w[i] /= sum
		}
		return w
	}
	return weights(n), weights(m), cost
}

// Costs of about 30 over reg down to 1e-3 leave the range of exp by far: exp(-30000).
func TestSinkhornEqualsDirectLogDomain(t *testing.T) {
	a, b, cost := testProblem(12, 17, 1)
	for _, reg := range []float64{100, 5, .5, .05, .001} {
		const iterations = 150
		p := must[*Plan](t)(Sinkhorn(a, b, cost, Entropic{Reg: reg, MaxIter: iterations, Tol: 1e-15}))
		want := direct(a, b, cost, reg, p.Iterations)
		for k, m := range p.Mass {
			near(t, fmt.Sprintf("reg %g: entry %d", reg, k), m, want[k], 1e-11)
		}
	}
}

func TestSinkhornProperties(t *testing.T) {
	a, b, cost := testProblem(20, 30, 2)
	exact := must[*Plan](t)(EMD(a, b, cost))
	last := math.Inf(1)
	for _, reg := range []float64{50, 5, 1, .2} {
		p := must[*Plan](t)(Sinkhorn(a, b, cost, Entropic{Reg: reg, MaxIter: 100_000}))
		if !p.Converged {
			t.Errorf("reg %g: not converged, residual %g", reg, p.Residual)
		}
		rows, cols := p.Marginals()
		for i := range a {
			near(t, "row sum", rows[i], a[i], 1e-13)
		}
		off := 0.0
		for j := range b {
			off += math.Abs(cols[j] - b[j])
		}
		if off > 1.1e-9 {
			t.Errorf("reg %g: column sums off by %g", reg, off)
		}
		if p.Cost < exact.Cost-1e-9 || p.Cost > last+1e-9 {
			t.Errorf("reg %g: cost %g is not between the exact %g and that of the larger reg %g", reg, p.Cost, exact.Cost, last)
		}
		last = p.Cost
		for k, m := range p.Mass {
			near(t, "P = exp((U+V-C)/reg)", m, math.Exp((p.U[k/30]+p.V[k%30]-cost[k])/reg), 1e-13)
		}
	}
	// An entropy of reg log(nm) at most separates the two: the small reg is near the exact cost.
	near(t, "cost at reg .2", last, exact.Cost, .2*math.Log(600))
	// reg to infinity: the independent plan.
	p := must[*Plan](t)(Sinkhorn(a, b, cost, Entropic{Reg: 1e9}))
	for k, m := range p.Mass {
		near(t, "independent plan", m, a[k/30]*b[k%30], 1e-8)
	}
}

func TestNormalizeCost(t *testing.T) {
	a, b, cost := testProblem(9, 8, 3)
	top := largest(cost)
	p := must[*Plan](t)(Sinkhorn(a, b, cost, Entropic{Reg: .1, NormalizeCost: true}))
	q := must[*Plan](t)(Sinkhorn(a, b, cost, Entropic{Reg: .1 * top}))
	near(t, "cost in the given units", p.Cost, q.Cost, 1e-12*q.Cost)
	for k := range p.Mass {
		near(t, "mass", p.Mass[k], q.Mass[k], 1e-14)
	}
	near(t, "dual in the given units", p.U[0]+p.V[0], q.U[0]+q.V[0], 1e-9)
}

func TestNotConvergedIsFlagged(t *testing.T) {
	a, b, cost := testProblem(30, 30, 4)
	p := must[*Plan](t)(Sinkhorn(a, b, cost, Entropic{Reg: .01, MaxIter: 5}))
	if p.Converged || p.Iterations != 5 || !(p.Residual > 1e-9) {
		t.Errorf("5 iterations at reg .01: converged %v, %d iterations, residual %g", p.Converged, p.Iterations, p.Residual)
	}
}

func TestZeroWeightsTakeNoPart(t *testing.T) {
	a, b, cost := []float64{.5, 0, .5}, []float64{0, .25, .75}, []float64{1, 2, 3, 4, 5, 6, 7, 8, 10}
	sub := []float64{2, 3, 8, 10}
	for name, solve := range map[string]func(a, b, c []float64) (*Plan, error){
		"EMD":        EMD,
		"Sinkhorn":   func(a, b, c []float64) (*Plan, error) { return Sinkhorn(a, b, c, Entropic{Reg: 1}) },
		"Unbalanced": func(a, b, c []float64) (*Plan, error) { return Unbalanced(a, b, c, 1, Entropic{Reg: 1}) },
		"Partial":    func(a, b, c []float64) (*Plan, error) { return Partial(a, b, c, .3, Entropic{Reg: 1}) },
	} {
		p := must[*Plan](t)(solve(a, b, cost))
		q := must[*Plan](t)(solve([]float64{.5, .5}, []float64{.25, .75}, sub))
		want := []float64{0, q.Mass[0], q.Mass[1], 0, 0, 0, 0, q.Mass[2], q.Mass[3]}
		for k := range want {
			near(t, fmt.Sprintf("%s: entry %d", name, k), p.Mass[k], want[k], 1e-15)
		}
		if !math.IsInf(p.U[1], -1) || !math.IsInf(p.V[0], -1) {
			t.Errorf("%s: duals without weight are %g, %g", name, p.U[1], p.V[0])
		}
	}
}

// The optimum of Unbalanced satisfies reg log(P/ab) + C + regM log(P1/a) + regM log(P^T1/b) = 0 in every entry.
func TestUnbalancedIsStationary(t *testing.T) {
	a, b, cost := testProblem(10, 14, 5)
	for k := range b {
		b[k] *= 3 // other mass
	}
	for _, c := range []struct{ reg, regM float64 }{{.5, 1}, {.05, 1}, {2, 20}, {.01, .1}} {
		p := must[*Plan](t)(Unbalanced(a, b, cost, c.regM, Entropic{Reg: c.reg, Tol: 1e-12, MaxIter: 10_000}))
		if !p.Converged {
			t.Fatalf("%v: not converged", c)
		}
		rows, cols := p.Marginals()
		for k, m := range p.Mass {
			i, j := k/14, k%14
			if m < 1e-280 {
				continue // the logarithm of a subnormal number is not exact
			}
			g := c.reg*math.Log(m/(a[i]*b[j])) + cost[k] + c.regM*math.Log(rows[i]/a[i]) + c.regM*math.Log(cols[j]/b[j])
			near(t, fmt.Sprintf("%v: gradient at (%d, %d)", c, i, j), g, 0, 1e-8)
		}
	}
	large := must[*Plan](t)(Unbalanced(a, a, must[[]float64](t)(SquaredDistances(toy("normal", 10, newRand(1)), toy("normal", 10, newRand(2)), 2)), 1e6, Entropic{Reg: 1, MaxIter: 100_000}))
	near(t, "mass at large regM", large.Sum(), 1, 1e-5)
}

// The optimum of Partial: constraints hold, and reg log P + C = U + V + const with U <= 0 only where the row is full.
func TestPartialIsOptimal(t *testing.T) {
	a, b, cost := testProblem(10, 14, 6)
	for _, mass := range []float64{.1, .5, .9} {
		p := must[*Plan](t)(Partial(a, b, cost, mass, Entropic{Reg: .5, Tol: 1e-13, MaxIter: 100_000}))
		if !p.Converged {
			t.Fatalf("mass %g: not converged, residual %g", mass, p.Residual)
		}
		near(t, "mass", p.Sum(), mass, 1e-12)
		rows, cols := p.Marginals()
		z := math.Log(p.Mass[0]) - (p.U[0]+p.V[0]-cost[0])/.5
		for k, m := range p.Mass {
			near(t, "P = exp((U+V-C)/reg + z)", m, math.Exp((p.U[k/14]+p.V[k%14]-cost[k])/.5+z), 1e-12)
		}
		slack := func(side string, u, sum, w []float64) {
			for i := range u {
				if u[i] > 0 || sum[i] > w[i]*(1+1e-9) || u[i] < -1e-9 && sum[i] < w[i]*(1-1e-9) {
					t.Errorf("mass %g: %s %d: potential %g, sum %g of at most %g", mass, side, i, u[i], sum[i], w[i])
				}
			}
		}
		slack("row", p.U, rows, a)
		slack("column", p.V, cols, b)
	}
}

// Chi-square of 20,000 pairs against the plan: false alarm rate 1e-4 at this bound for 5 degrees of freedom.
func TestSampleFollowsThePlan(t *testing.T) {
	p := &Plan{Rows: 2, Cols: 4, Mass: []float64{.2, 0, .6, .4, 0, .2, .4, .2}}
	const k = 20_000
	i, j, err := p.Sample(newRand(11), k)
	if err != nil {
		t.Fatal(err)
	}
	count := make([]float64, 8)
	for n := range i {
		count[i[n]*4+j[n]]++
	}
	chi := 0.0
	for n, m := range p.Mass {
		if m == 0 {
			if count[n] != 0 {
				t.Errorf("pair %d without mass was drawn", n)
			}
			continue
		}
		want := m / 2 * k
		chi += (count[n] - want) * (count[n] - want) / want
	}
	if chi > 25.7 {
		t.Errorf("chi-square %g with 5 degrees of freedom", chi)
	}
	i2, j2, _ := p.Sample(newRand(11), k)
	for n := range i {
		if i[n] != i2[n] || j[n] != j2[n] {
			t.Fatal("equal seeds draw different pairs")
		}
	}
}

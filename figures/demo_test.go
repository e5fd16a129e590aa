package figures_test

import (
	"math"
	"math/rand/v2"
)

// The data of the examples: toy clouds and a flow between them whose formulas
// are written out here.

func normal(n int, seed uint64) [][2]float64 {
	r := rand.New(rand.NewPCG(seed, 0))
	x := make([][2]float64, n)
	for i := range x {
		x[i] = [2]float64{r.NormFloat64(), r.NormFloat64()}
	}
	return x
}

func eightGaussians(n int, seed uint64) [][2]float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([][2]float64, n)
	for i := range x {
		s, c := math.Sincos(float64(r.IntN(8)) * math.Pi / 4)
		x[i] = [2]float64{5*c + 0.5623*r.NormFloat64(), 5*s + 0.5623*r.NormFloat64()}
	}
	return x
}

func checkerboard(n int, seed uint64) [][2]float64 {
	r := rand.New(rand.NewPCG(seed, 2))
	x := make([][2]float64, n)
	for i := range x {
		a := r.Float64()*4 - 2
		b := r.Float64() - float64(r.IntN(2))*2 + math.Mod(math.Floor(a)+4, 2)
		x[i] = [2]float64{2 * a, 2 * b}
	}
	return x
}

func moons(n int, seed uint64) [][2]float64 {
	r := rand.New(rand.NewPCG(seed, 3))
	x := make([][2]float64, n)
	for i := range x {
		s, c := math.Sincos(math.Pi * r.Float64())
		e := 0.2 * r.Float64()
		if i%2 == 0 {
			x[i] = [2]float64{3*(c+e) - 1, 3*(s+e) - 1}
		} else {
			x[i] = [2]float64{3*(1-c+e) - 1, 3*(0.5-s+e) - 1}
		}
	}
	return x
}

func spirals(n int, seed uint64) [][2]float64 {
	r := rand.New(rand.NewPCG(seed, 4))
	x := make([][2]float64, n)
	for i := range x {
		t := 3 * math.Pi * math.Sqrt(r.Float64())
		s, c := math.Sincos(t)
		sign := float64(1 - 2*(i%2))
		x[i] = [2]float64{
			sign*(-c*t+0.5*r.Float64())/3 + 0.1*r.NormFloat64(),
			sign*(s*t+0.5*r.Float64())/3 + 0.1*r.NormFloat64(),
		}
	}
	return x
}

// mixture is the eight Gaussians as an exact flow from N(0, I): the velocity
// of the straight path, u = (E[x1 | x] - x) / (1 - t).
func velocity(x [2]float64, t float64) (u, score [2]float64) {
	const v = 0.5623 * 0.5623
	s2 := t*t*v + (1-t)*(1-t)
	var w, mx, my float64
	for k := range 8 {
		s, c := math.Sincos(float64(k) * math.Pi / 4)
		dx, dy := x[0]-5*t*c, x[1]-5*t*s
		p := math.Exp(-(dx*dx + dy*dy) / (2 * s2))
		w += p
		mx += p * (5*c + t*v/s2*dx)
		my += p * (5*s + t*v/s2*dy)
		score[0] -= p * dx / s2
		score[1] -= p * dy / s2
	}
	w += 1e-300
	u = [2]float64{(mx/w - x[0]) / (1 - t + 1e-3), (my/w - x[1]) / (1 - t + 1e-3)}
	return u, [2]float64{score[0] / w, score[1] / w}
}

// flow integrates the velocity, plus push times t(1-t) times the score, by
// steps Euler steps and returns all states, [step][point].
func flow(x0 [][2]float64, steps int, push float64) [][][2]float64 {
	out := [][][2]float64{x0}
	for k := range steps {
		t := float64(k) / float64(steps)
		prev := out[k]
		next := make([][2]float64, len(prev))
		for i, x := range prev {
			u, s := velocity(x, t)
			g := push * t * (1 - t)
			h := 1 / float64(steps)
			next[i] = [2]float64{x[0] + h*(u[0]+g*s[0]), x[1] + h*(u[1]+g*s[1])}
		}
		out = append(out, next)
	}
	return out
}

// threeRows takes t = 0, 1/2 and 1 from a trajectory of an even number of steps.
func threeRows(traj [][][2]float64) [][][2]float64 {
	n := len(traj) - 1
	return [][][2]float64{traj[0], traj[n/2], traj[n]}
}

package flow

import "fmt"

// CheckAncestral says in one line why solver.Ancestral(steps), which takes the transition of the Brownian bridge with the end point held, cannot sample the field on a network that was
// trained on that path, or nil. Its drift must be (xhat1 - x)/(1-t) and its noise that of the bridge: v + sigma^2/2 s with objective sf2m, v with x1score, and g = sigma (see StochasticField).
// Guided or not: the guided drift leads to the guided end point.
func CheckAncestral(f Field, path Path, steps int) error {
	noisy, ok := Unguided(f).(StochasticField)
	if !ok {
		if _, ok := f.(Noisy); !ok {
			return fmt.Errorf("flow: %s adds no noise, and ancestral sampling is that of a bridge with noise: use solver.Euler(%d)", f.Name(), steps)
		}
		return fmt.Errorf("flow: %s is not the equation of a Brownian bridge, of which ancestral sampling takes the transition: use solver.EulerMaruyama(%d)", f.Name(), steps)
	}
	kind := path.kind()
	switch {
	case kind != "bridge" && kind != "released" || path.Noise == 0:
		return fmt.Errorf("flow: ancestral sampling takes the transition of a Brownian bridge, and the network was trained on path %v: use solver.EulerMaruyama(%d), or train on flow.Bridge(sigma)", path, steps)
	case noisy.G.kind() != "constant" || noisy.G.Scale != path.Noise:
		return fmt.Errorf("flow: %s on path %v is not that bridge's own diffusion, of which ancestral sampling takes the transition: use flow.ConstantNoise(%g), or solver.EulerMaruyama(%d)", f.Name(), path, path.Noise, steps)
	}
	return nil
}

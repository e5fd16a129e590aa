"""Reference states of solvers with fixed steps, by torchdiffeq and diffusers: python fixed.py > fixed.json

The velocity of all is dx/dt = v(x, t) = sin(3 t + 2 x reversed) - x/2, batch of 3 points of size 2.
"""
import json

import torch
import torchdiffeq
from diffusers import DPMSolverMultistepScheduler
from torchdiffeq._impl import fixed_adams

START = [[0.3, -1.2], [1.5, 0.8], [-0.4, 2.1]]


def velocity(t, x):
    return torch.sin(3 * t + 2 * x.flip(-1)) - x / 2


def fixed(method, n):
    x = torch.tensor(START, dtype=torch.float64)
    options = {}
    if method == "bosh3":  # adaptive: held to equal steps
        options = dict(first_step=1 / n, max_step=1 / n, min_step=1 / n)
    tolerance = dict(rtol=1e9, atol=1e9)
    return torchdiffeq.odeint(velocity, x, torch.linspace(0, 1, n + 1, dtype=torch.float64), method=method, options=options, **tolerance)


def diffused(order, times):
    """DPM-Solver++ multistep on the straight path: alpha = t, sigma = 1 - t. The states are float32, the least diffusers computes in."""
    s = DPMSolverMultistepScheduler(algorithm_type="dpmsolver++", solver_order=order, solver_type="midpoint", prediction_type="flow_prediction",
                                    use_flow_sigmas=True, final_sigmas_type="zero", lower_order_final=False)
    s.set_timesteps(len(times) - 1)
    s.sigmas = 1 - torch.tensor(times, dtype=torch.float64)
    s.timesteps = s.sigmas[:-1] * 1000
    x = torch.tensor(START, dtype=torch.float64)
    states = [x]
    for k, at in enumerate(s.timesteps):
        x = s.step(-velocity(torch.tensor(times[k]), x), at, x).prev_sample
        states.append(x)
    return torch.stack(states)


def rounded(states, digits):
    return [round(v, digits) for v in states.flatten().tolist()]


grids = [[k / 6 for k in range(7)], [0, .05, .15, .3, .5, .7, .85, .95, 1]]
print(json.dumps({
    "start": START,
    "torchdiffeq": [{"method": m, "steps": n, "states": rounded(fixed(m, n), 15)}
                    for m in ["euler", "midpoint", "heun2", "heun3", "bosh3", "rk4"] for n in [1, 3]],
    "bashforth": {str(k): (torch.tensor(fixed_adams._BASHFORTH_COEFFICIENTS[k], dtype=torch.float64) / fixed_adams._DIVISOR[k]).tolist() for k in [2, 3, 4]},
    "diffusers": [{"order": o, "times": g, "states": rounded(diffused(o, g), 8)} for o in [1, 2, 3] for g in grids],
}, indent=None, separators=(",", ":")))

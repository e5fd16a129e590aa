"""Makes adaptive.json, what torchdiffeq's adaptive solvers find and what it costs them.

    pip install torch==2.15.0 torchdiffeq==0.2.5
    python adaptive.py > adaptive.json

Problems, all in float64 from t = 0 to 1:
    tan        dx/dt = 2 t (1 + x^2)                 smooth, one component a row
    pendulum   d(x, y)/dt = (12 y, -12 sin x)        two to four swings
"""
import json

import torch
import torchdiffeq
from torchdiffeq._impl.misc import _compute_error_ratio, _rms_norm, _select_initial_step
from torchdiffeq._impl.odeint import SOLVERS
from torchdiffeq._impl.rk_common import _runge_kutta_step

torch.set_default_dtype(torch.float64)
STARTS = {
    "tan": [[-1.0], [-0.5], [0.0], [0.25]],
    "pendulum": [[0.5, 0.0], [1.5, 0.3], [2.5, -0.4]],
}


class Field:
    def __init__(self, name):
        self.name, self.evaluations = name, 0

    def __call__(self, t, x, perturb=None):
        self.evaluations += 1
        if self.name == "tan":
            return 2 * t * (1 + x * x)
        return torch.stack([12 * x[..., 1], -12 * torch.sin(x[..., 0])], -1)


def flat(x):
    return [float(v) for v in x.reshape(-1)]


def main():
    times = [0.0, 0.3, 0.7, 1.0]
    out = {"versions": {"torch": torch.__version__, "torchdiffeq": "0.2.5"}, "times": times, "problems": {}}
    for name, start in STARTS.items():
        x0 = torch.tensor(start)
        exact = torchdiffeq.odeint(Field(name), x0, torch.tensor(times), rtol=1e-13, atol=1e-13, method="dopri8")
        runs, steps = [], []
        for method in ["adaptive_heun", "bosh3", "dopri5", "dopri8"]:
            for tol in [1e-3, 1e-5, 1e-7]:
                f = Field(name)
                end = torchdiffeq.odeint(f, x0, torch.tensor([0.0, 1.0]), rtol=tol, atol=tol, method=method)[-1]
                error = float((end - exact[-1]).abs().max())
                runs.append({"method": method, "tolerance": tol, "evaluations": f.evaluations, "error": error})
            solver, f = SOLVERS[method], Field(name)
            t0, dt, tol = torch.tensor(0.2), torch.tensor(0.05), 1e-4
            f0 = f(t0, x0)
            y1, f1, error, _ = _runge_kutta_step(f, x0, f0, t0, dt, t0 + dt, solver.tableau)
            steps.append({
                "method": method, "t": 0.2, "dt": 0.05, "tolerance": tol, "x": flat(y1), "slope": flat(f1),
                "ratio": float(_compute_error_ratio(error, tol, tol, x0, y1, _rms_norm)),
                "first": float(_select_initial_step(f, torch.tensor(0.0), x0, solver.order - 1, tol, tol, _rms_norm)),
            })
        out["problems"][name] = {"start": start, "exact": [flat(x) for x in exact], "runs": runs, "steps": steps}
    print(json.dumps(out, indent=1))


main()

"""One step of torchsde's solvers from t = 0.5 to 1, for given increments and integrals of Brownian motion, in float64.

Writes torchsde_step.json. Made with torchsde 0.2.6, torch 2.15.0, Python 3.11:

    pip install torchsde==0.2.6 torch && python torchsde_step.py
"""
import json

import torch
from torchsde._core.base_sde import ForwardSDE
from torchsde._core.methods import euler, heun, srk


class Given:
    """Stands for a Brownian motion that is known over the step: w, and u = int (W(s) - W(t0)) ds."""

    dtype, device = torch.float64, torch.device("cpu")
    levy_area_approximation = "space-time"

    def __init__(self, w, u):
        self.w, self.u, self.shape = w, u, w.shape

    def __call__(self, ta, tb, return_U=False, return_A=False):
        return (self.w, self.u) if return_U else self.w


class Equation(torch.nn.Module):
    """dx = (sin(x) - t x) dt + g dW, g = (1 + t)/2 (1 + x^2)^(1/2) (diagonal) or exp(-t) + t^2 (additive)."""

    def __init__(self, sde_type, noise_type):
        super().__init__()
        self.sde_type, self.noise_type, self.drifts = sde_type, noise_type, 0

    def f(self, t, x):
        self.drifts += 1
        return torch.sin(x) - t * x

    def g(self, t, x):
        if self.noise_type == "diagonal":
            return (1 + t) / 2 * torch.sqrt(1 + x**2)
        return (torch.exp(-t) + t**2).reshape(1, 1, 1).expand(x.shape[0], 1, 1)  # [batch, dim, noises]


torch.manual_seed(0)
n, t0, h = 6, torch.tensor(0.5, dtype=torch.float64), 0.5
x = torch.randn(n, 1, dtype=torch.float64)
w = torch.randn(n, 1, dtype=torch.float64) * h**0.5
u = h / 2 * w + torch.randn(n, 1, dtype=torch.float64) * (h**3 / 12) ** 0.5
flat = lambda a: a.flatten().tolist()
out = {"t": 0.5, "h": h, "x": flat(x), "w": flat(w), "area": flat(u), "steps": []}
for name, method, sde_type in [("euler-maruyama", euler.Euler, "ito"), ("heun-stratonovich", heun.Heun, "stratonovich"), ("srk", srk.SRK, "ito")]:
    for noise in ["additive", "diagonal"]:
        sde = Equation(sde_type, noise)
        solver = method(sde=ForwardSDE(sde), bm=Given(w, u), dt=h, adaptive=False, rtol=0, atol=0, dt_min=0, options={})
        end, _ = solver.step(t0, t0 + h, x, ())
        out["steps"].append({"solver": name, "noise": noise, "end": flat(end), "drifts": sde.drifts})
with open("torchsde_step.json", "w") as file:
    json.dump(out, file, indent=1)
    file.write("\n")
print([(s["solver"], s["noise"], s["drifts"]) for s in out["steps"]])

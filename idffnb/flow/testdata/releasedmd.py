"""The field of IDFF for molecular dynamics as released, its loss, and one frame drawn with torchsde, in float64 with a small random network.

Writes releasedmd.json. Made with torch 2.15.0, torchsde 0.2.6, Python 3.11:

    pip install torchsde==0.2.6 torch && python releasedmd.py

The formulas are those of timeseris_example/MD_simulation.py (class SDE_cal) of github.com/MrRezaeiUofT/IDFF. Steps end at multiples of 1/4096, as solver.Torchsde's do.
"""
import json

import torch
from torchsde._core.base_sde import ForwardSDE
from torchsde._core.methods import euler, srk

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
n, dim, width = 3, 4, 8
layers = [torch.nn.Linear(dim + 1, width), torch.nn.Linear(width, width), torch.nn.Linear(width, dim)]
gamma1, gamma2, sigma, dt = 0.2, 1.5, 0.5, 0.3


def net(x, t):
    h = torch.cat([x / 60, t.reshape(1, 1).expand(len(x), 1)], -1)
    for layer in layers[:-1]:
        h = torch.nn.functional.selu(layer(h))
    return 90 * layers[-1](h)


class SDE(torch.nn.Module):
    sde_type, noise_type = "ito", "diagonal"
    calls = 0

    def f(self, t, x):
        self.calls += 1
        x = x.detach().requires_grad_(True)
        y = net(x, t)
        if t == 0:
            return (y - x).detach()
        if t == 1:
            return ((y - x) / dt).detach()
        d1 = torch.autograd.grad(y.sum(), x, create_graph=True)[0]
        d2 = torch.autograd.grad(d1.sum(), x)[0]
        b = t * (1 - t)
        return (torch.sqrt(1 - sigma**2 * b) * (y - x) / (1 - t) - b * ((gamma1 - 0.5) * d1 + gamma2 * d2)).detach()

    def g(self, t, x):
        return torch.ones_like(x) * 180 * sigma**2 * torch.sqrt(t * (1 - t))


class Given:
    """A Brownian motion that is known over the step: w, and u = int (W(s) - W(t0)) ds."""

    dtype, device, shape, levy_area_approximation = torch.float64, torch.device("cpu"), (n, dim), "space-time"

    def __call__(self, ta, tb, return_U=False, return_A=False):
        return (self.w, self.u) if return_U else self.w


x = 60 * torch.randn(n, dim)
x1 = 60 * torch.randn(n, dim)
out = {"gamma1": gamma1, "gamma2": gamma2, "sigma": sigma, "x": x.tolist(), "x1": x1.tolist()}
out["weights"] = [layer.weight.tolist() for layer in layers]
out["biases"] = [layer.bias.tolist() for layer in layers]
sde = SDE()
times = [0.0, 0.15, 0.5, 0.9, 1.0]
out["times"] = times
out["drift"] = [sde.f(torch.tensor(t), x).tolist() for t in times]
out["diffusion"] = [sde.g(torch.tensor(t), x)[0, 0].item() for t in times]
y = net(x, torch.tensor(0.5))
out["loss"] = sum(torch.mean((y - (x1 + c)) ** 2) for c in (0, 360, -360)).item()  # of the network at (x, .5) against x1

grid = [0, 1229 / 4096, 2458 / 4096, 3686 / 4096, 1]  # 0, .3, .6, .9, 1
noise = []
for a, b in zip(grid, grid[1:]):
    h = b - a
    w = torch.randn(n, dim) * h**0.5
    noise.append((w, h / 2 * w + torch.randn(n, dim) * (h**3 / 12) ** 0.5))
out["w"] = [w.tolist() for w, _ in noise]
out["area"] = [u.tolist() for _, u in noise]
for name, method in [("srk", srk.SRK), ("euler", euler.Euler)]:
    sde, bm = SDE(), Given()
    solver = method(sde=ForwardSDE(sde), bm=bm, dt=dt, adaptive=False, rtol=0, atol=0, dt_min=0, options={})
    state = x
    for (a, b), (bm.w, bm.u) in zip(zip(grid, grid[1:]), noise):
        state, _ = solver.step(torch.tensor(float(a)), torch.tensor(float(b)), state, ())
    out[name] = state.tolist()
    out[name + "_calls"] = sde.calls + 1  # sdeint looks at the shape of the drift first
with open("releasedmd.json", "w") as file:
    json.dump(out, file, indent=None)
    file.write("\n")
print({k: v for k, v in out.items() if k.endswith("calls") or k in ("loss", "diffusion")}, out["srk"][0], out["euler"][0])

"""The peers of cmd/bench: the same work in PyTorch, JAX and POT, as their users write it.

    python peers.py torch|jax THREADS cpu|cuda
    python peers.py memory THREADS cpu         # prints the memory that a step of the U-Net takes in PyTorch, and ends

The first answers a line of JSON for each on standard input: {"task": NAME, "n": TIMES} -> {"seconds": of one, "cpu": of one on all processors} or {"error": TEXT}. A task's first call is preceded by one that is
not timed, in which JAX compiles. A library that does not see the device says {"error": TEXT} first, and ends. Versions are in requirements.txt.
"""
import json
import os
import resource
import sys
import time

library, threads, device = sys.argv[1], int(sys.argv[2]), sys.argv[3]
os.environ["JAX_PLATFORMS"] = device
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # JAX would take most of a GPU's memory at once
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(threads)

import numpy as np  # noqa: E402 (the variables above must be set first)

rng = np.random.default_rng(0)
POINTS = rng.standard_normal((2048, 2), dtype=np.float32)
GAMMA, SIGMA0 = (.5, -.2), .2
BATCH, WIDTH, RATE, DECAY = 256, 256, 2e-4, .01
UNET_BATCH, UNET_CHANNELS = 32, 32
PARAMETERS = {}  # of networks, by task
MD_BATCH, MD_WIDTH, MD_ANGLES, MD_FRAMES, MD_EMBEDDING = 10, 128, 46, 200, 16


def eight_gaussians(n):
    angle = rng.integers(0, 8, n) * np.pi / 4
    return (5 * np.stack([np.cos(angle), np.sin(angle)], 1) + .5623 * rng.standard_normal((n, 2))).astype(np.float32)


def assignments(size):
    """Exact assignments of noise to eight Gaussians, the cost matrix included, the points not."""
    import ot

    def run(n):
        took, uniform = 0, np.full(size, 1 / size)
        for _ in range(n):
            x0, x1 = rng.standard_normal((size, 2)), eight_gaussians(size).astype(np.float64)
            began = time.perf_counter()
            ot.emd(uniform, uniform, ot.dist(x0, x1), numItermax=10_000_000)
            took += time.perf_counter() - began
        return took, n
    return run


def unet_trainer():
    """The U-Net of Dhariwal and Nichol (ADM) on images of 28 x 28, one level at 28 and one at 14 with attention, as guided-diffusion builds it; and a step of its training."""
    import math
    import torch
    from torch import nn

    def norm(channels):
        return nn.GroupNorm(32, channels)

    def zero(layer):
        for p in layer.parameters():
            nn.init.zeros_(p)
        return layer

    class Block(nn.Module):
        def __init__(self, inputs, outputs):
            super().__init__()
            self.before = nn.Sequential(norm(inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, padding=1))
            self.time = nn.Sequential(nn.SiLU(), nn.Linear(4 * UNET_CHANNELS, outputs))
            self.after = nn.Sequential(norm(outputs), nn.SiLU(), zero(nn.Conv2d(outputs, outputs, 3, padding=1)))
            self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

        def forward(self, x, emb):
            return self.skip(x) + self.after(self.before(x) + self.time(emb)[:, :, None, None])

    class Attention(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.norm, self.qkv, self.out = norm(channels), nn.Conv1d(channels, 3 * channels, 1), zero(nn.Conv1d(channels, channels, 1))

        def forward(self, x, emb):
            flat = x.flatten(2)
            q, k, v = self.qkv(self.norm(flat)).chunk(3, 1)
            weights = torch.softmax(torch.einsum("bct,bcs->bts", q, k) / math.sqrt(q.shape[1]), -1)
            return x + self.out(torch.einsum("bts,bcs->bct", weights, v)).view_as(x)

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            c = UNET_CHANNELS
            self.embed = nn.Sequential(nn.Linear(c, 4 * c), nn.SiLU(), nn.Linear(4 * c, 4 * c))
            self.first = nn.Conv2d(1, c, 3, padding=1)
            self.down = nn.ModuleList([Block(c, c), nn.Conv2d(c, c, 3, 2, 1), Block(c, 2 * c), Attention(2 * c)])
            self.middle = nn.ModuleList([Block(2 * c, 2 * c), Attention(2 * c), Block(2 * c, 2 * c)])
            self.low = nn.ModuleList([Block(4 * c, 2 * c), Attention(2 * c), Block(3 * c, 2 * c), Attention(2 * c)])
            self.enlarge = nn.Conv2d(2 * c, 2 * c, 3, padding=1)
            self.high = nn.ModuleList([Block(3 * c, c), Block(2 * c, c)])
            self.last = nn.Sequential(norm(c), nn.SiLU(), zero(nn.Conv2d(c, 1, 3, padding=1)))
            self.register_buffer("frequencies", torch.exp(-math.log(10000) * torch.arange(c // 2) / (c // 2)), persistent=False)

        def forward(self, x, t):
            angles = t[:, None] * self.frequencies
            emb = self.embed(torch.cat([angles.cos(), angles.sin()], 1))
            block, shrink, low, attend = self.down
            a = self.first(x)
            b = block(a, emb)
            c = shrink(b)
            d = h = attend(low(c, emb), emb)
            for layer in self.middle:
                h = layer(h, emb)
            h = self.low[1](self.low[0](torch.cat([h, d], 1), emb), emb)
            h = self.low[3](self.low[2](torch.cat([h, c], 1), emb), emb)
            h = self.enlarge(nn.functional.interpolate(h, scale_factor=2, mode="nearest"))
            h = self.high[0](torch.cat([h, b], 1), emb)
            return self.last(self.high[1](torch.cat([h, a], 1), emb))

    net = UNet().to(device)
    adam = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
    images = torch.rand(512, 1, 28, 28, device=device) * 2 - 1

    def step():
        x1 = images[torch.randint(0, len(images), (UNET_BATCH,), device=device)]
        x0, t = torch.randn_like(x1), torch.rand(UNET_BATCH, device=device)
        u = t[:, None, None, None]
        loss = (((net(u * x1 + (1 - u) * x0, t) - x1) / (1.01 - u)) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1)
        adam.step()
        return loss.item()
    return step, sum(p.numel() for p in net.parameters())


def unet_memory():
    """The peak of memory in steps of the U-Net's training, less that of the process with PyTorch loaded and used: bytes."""
    torch = start_torch()
    torch.ones(100, 100).mm(torch.ones(100, 100)).sum().item()
    before = peak()
    step, _ = unet_trainer()
    step()
    start = peak() - before
    with open("/proc/self/clear_refs", "w") as f:
        f.write("5")  # the peak is taken anew
    for _ in range(5):
        step()
    return {"start": start, "steps": peak() - before}


def peak():
    """The peak of this process's memory in bytes."""
    with open("/proc/self/status") as f:
        return next(1024 * int(line.split()[1]) for line in f if line.startswith("VmHWM"))


def start_torch():
    import torch
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    torch.ones(1, device=device)  # fails at once where there is no such device
    return torch


def torch_tasks():
    torch = start_torch()
    unet, PARAMETERS["unet"] = unet_trainer()

    def mlp(inputs, width, outputs):
        sizes = [inputs, width, width, width]
        layers = [layer for a, b in zip(sizes, sizes[1:]) for layer in (torch.nn.Linear(a, b), torch.nn.SELU())]
        return torch.nn.Sequential(*layers, torch.nn.Linear(width, outputs)).to(device)

    net = mlp(3, WIDTH, 2)
    adam = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)

    def checkerboard(n):
        x = torch.rand(n, device=device) * 4 - 2
        y = torch.rand(n, device=device) - torch.randint(0, 2, (n,), device=device) * 2 + torch.floor(x) % 2
        return 2 * torch.stack([x, y], 1)

    def step(couple):
        x0, x1, t = torch.randn(BATCH, 2, device=device), checkerboard(BATCH), torch.rand(BATCH, 1, device=device)
        if couple:  # as TorchCFM's OTPlanSampler does
            import ot
            uniform = ot.unif(BATCH)
            plan = ot.emd(uniform, uniform, (torch.cdist(x0, x1) ** 2).cpu().numpy().astype(np.float64))
            pairs = np.random.choice(BATCH * BATCH, p=plan.flatten() / plan.sum(), size=BATCH)
            i, j = np.divmod(pairs, BATCH)
            x0, x1 = x0[i], x1[j]
        loss = (((net(torch.cat([t * x1 + (1 - t) * x0, t], 1)) - x1) / (1.01 - t)) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1)
        adam.step()
        return loss.item()

    def field(x, t, order):
        """IDFF as released, with derivatives by nested autograd; order 0 is CFM."""
        x = x.detach().requires_grad_(order > 0)
        with torch.set_grad_enabled(order > 0):
            end = net(torch.cat([x, torch.full((len(x), 1), t, device=device)], 1))
            v = (end - x) / (1 - t)
            if order == 0:
                return v
            gamma = (.5, -.2, .1)[:order]
            w, y = (1 - sum(gamma) * SIGMA0**2 * t * (1 - t)) ** .5 * v, end
            for k, g in enumerate(gamma):
                y = torch.autograd.grad(y.sum(), x, create_graph=k + 1 < order)[0]
                w = w + t * (1 - t) * (g - .5 if k == 0 else g) * y
        return w.detach()

    points = torch.from_numpy(POINTS).to(device)

    def euler():
        x = points
        for k in range(10):
            x = x + field(x, k / 10, 0) / 10
        return x.cpu().numpy()

    def rk4():  # the 3/8 rule of torchdiffeq; at t = 0 and 1 the released field has no derivatives
        x, h = points, .5
        w = lambda x, t: field(x, t, 2) if 0 < t < 1 else net_velocity(x, t)
        for t in (0., .5):
            k1 = w(x, t)
            k2 = w(x + h / 3 * k1, t + h / 3)
            k3 = w(x + h * (k2 - k1 / 3), t + 2 * h / 3)
            k4 = w(x + h * (k1 - k2 + k3), t + h)
            x = x + h / 8 * (k1 + 3 * (k2 + k3) + k4)
        return x.cpu().numpy()

    def net_velocity(x, t):
        with torch.no_grad():
            return (net(torch.cat([x, torch.full((len(x), 1), t, device=device)], 1)) - x) / (1 if t == 0 else .01)

    table = torch.nn.Embedding(MD_FRAMES, MD_EMBEDDING, device=device)
    md = mlp(MD_ANGLES + 1 + MD_EMBEDDING, MD_WIDTH, MD_ANGLES)
    md_parameters = [*table.parameters(), *md.parameters()]
    md_adam = torch.optim.Adam(md_parameters, 1e-3)
    frames = torch.from_numpy((rng.random((MD_FRAMES, MD_ANGLES), dtype=np.float32) - .5) * 360).to(device)

    def md_step():
        k = torch.randint(1, MD_FRAMES, (MD_BATCH,), device=device)
        x0, x1, t = frames[k - 1], frames[k], torch.rand(MD_BATCH, 1, device=device)
        x = t * x1 + (1 - t) * x0 + .2 * (t * (1 - t)).sqrt() * torch.randn(MD_BATCH, MD_ANGLES, device=device)
        loss = ((md(torch.cat([x, t, table(k)], 1)) - x1) ** 2).mean()
        md_adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(md_parameters, 1)
        md_adam.step()
        return loss.item()

    def mmd():
        x, y = (torch.from_numpy(eight_gaussians(10_000)).to(device) for _ in range(2))
        kernel = lambda a, b: sum(torch.exp(-torch.cdist(block, b) ** 2 / 2).sum() for block in a.split(1000))
        n = len(x)
        return ((kernel(x, x) + kernel(y, y) - 2 * n) / (n * (n - 1)) - 2 * kernel(x, y) / n**2).item()

    tasks = {"train": lambda: step(False), "train OT": lambda: step(True), "Euler 10": euler, "RK4 2": rk4, "train MD": md_step, "MMD": mmd, "unet": unet}
    for order in range(4):
        tasks[f"field {order}"] = lambda order=order: field(points, .5, order).cpu().numpy()
    return {name: timed(task) for name, task in tasks.items()} | {f"OT {size}": assignments(size) for size in (256, 1024)}


def jax_tasks():
    import jax
    import jax.numpy as jnp

    def mlp(key, inputs, width, outputs):
        sizes, layers = [inputs, width, width, width, outputs], []
        for a, b in zip(sizes, sizes[1:]):
            key, w, bias = jax.random.split(key, 3)
            layers.append((jax.random.uniform(w, (a, b), minval=-1, maxval=1) / a**.5, jax.random.uniform(bias, (b,), minval=-1, maxval=1) / a**.5))
        return layers

    def apply(layers, h):
        for w, b in layers[:-1]:
            h = jax.nn.selu(h @ w + b)
        return h @ layers[-1][0] + layers[-1][1]

    def adam(p, g, m, v, k, rate, decay):
        norm = jnp.sqrt(sum(jnp.sum(x * x) for x in jax.tree.leaves(g)))
        g = jax.tree.map(lambda x: x * jnp.minimum(1, 1 / (norm + 1e-6)), g)
        k = k + 1
        m = jax.tree.map(lambda m, g: .9 * m + .1 * g, m, g)
        v = jax.tree.map(lambda v, g: .999 * v + .001 * g * g, v, g)
        p = jax.tree.map(lambda p, m, v: p - rate * (m / (1 - .9**k) / (jnp.sqrt(v / (1 - .999**k)) + 1e-8) + decay * p), p, m, v)
        return p, m, v, k

    def start(parameters):
        zeros = lambda: jax.tree.map(jnp.zeros_like, parameters)
        return parameters, zeros(), zeros(), jnp.float32(0)

    def trainer(loss_and_data, state, rate, decay):
        """100 steps in one program, their data made inside."""
        def step(state, key):
            p, m, v, k = state
            loss, g = jax.value_and_grad(lambda p: loss_and_data(p, key))(p)
            return adam(p, g, m, v, k, rate, decay), loss
        steps = jax.jit(lambda state, key: jax.lax.scan(step, state, jax.random.split(key, 100)), donate_argnums=0)
        box, keys = [state], iter(range(1 << 30))

        def run(n):
            began = time.perf_counter()
            for _ in range(-(-n // 100)):
                box[0], losses = steps(box[0], jax.random.key(next(keys)))
                losses = np.asarray(losses)
            return time.perf_counter() - began, -(-n // 100) * 100
        return run

    def toy(p, key):
        a, b, c, d, e = jax.random.split(key, 5)
        x = jax.random.uniform(a, (BATCH,)) * 4 - 2
        y = jax.random.uniform(b, (BATCH,)) - jax.random.randint(c, (BATCH,), 0, 2) * 2 + jnp.floor(x) % 2
        x1, x0, t = 2 * jnp.stack([x, y], 1), jax.random.normal(d, (BATCH, 2)), jax.random.uniform(e, (BATCH, 1))
        return jnp.mean(((apply(p, jnp.concatenate([t * x1 + (1 - t) * x0, t], 1)) - x1) / (1.01 - t)) ** 2)

    frames = jnp.asarray((rng.random((MD_FRAMES, MD_ANGLES), dtype=np.float32) - .5) * 360)

    def dynamics(p, key):
        a, b, c = jax.random.split(key, 3)
        k, t = jax.random.randint(a, (MD_BATCH,), 1, MD_FRAMES), jax.random.uniform(b, (MD_BATCH, 1))
        x0, x1 = frames[k - 1], frames[k]
        x = t * x1 + (1 - t) * x0 + .2 * jnp.sqrt(t * (1 - t)) * jax.random.normal(c, x0.shape)
        return jnp.mean((apply(p[1], jnp.concatenate([x, t, p[0][k]], 1)) - x1) ** 2)

    net = mlp(jax.random.key(0), 3, WIDTH, 2)
    end = lambda net, x, t: apply(net, jnp.concatenate([x, jnp.full((len(x), 1), t)], 1))

    def field(net, x, t, order):
        """IDFF as released, with nested gradients; order 0 is CFM."""
        f = lambda x: end(net, x, t)
        y = f(x)
        v = (y - x) / (1 - t)
        if order == 0:
            return v
        gamma = (.5, -.2, .1)[:order]
        w = (1 - sum(gamma) * SIGMA0**2 * t * (1 - t)) ** .5 * v
        for k, g in enumerate(gamma):
            f = (lambda f: jax.grad(lambda x: f(x).sum()))(f)
            w = w + t * (1 - t) * (g - .5 if k == 0 else g) * f(x)
        return w

    def euler(net, x):
        for k in range(10):
            x = x + field(net, x, k / 10, 0) / 10
        return x

    def rk4(net, x):
        h = .5
        w = lambda x, t: field(net, x, t, 2) if 0 < t < 1 else (end(net, x, t) - x) / (1 if t == 0 else .01)
        for t in (0., .5):
            k1 = w(x, t)
            k2 = w(x + h / 3 * k1, t + h / 3)
            k3 = w(x + h * (k2 - k1 / 3), t + 2 * h / 3)
            k4 = w(x + h * (k1 - k2 + k3), t + h)
            x = x + h / 8 * (k1 + 3 * (k2 + k3) + k4)
        return x

    @jax.jit
    def mmd_of(x, y):
        def kernel(a, b):
            squares = lambda block: ((block**2).sum(1)[:, None] + (b**2).sum(1) - 2 * block @ b.T)
            return jax.lax.map(lambda block: jnp.exp(-jnp.maximum(squares(block), 0) / 2).sum(), a.reshape(10, -1, 2)).sum()
        n = len(x)
        return (kernel(x, x) + kernel(y, y) - 2 * n) / (n * (n - 1)) - 2 * kernel(x, y) / n**2

    tasks = {"Euler 10": (jax.jit(euler), net), "RK4 2": (jax.jit(rk4), net)}
    for order in range(4):
        tasks[f"field {order}"] = (jax.jit(lambda net, x, order=order: field(net, x, .5, order)), net)
    out = {name: timed(lambda f=f, net=net: np.asarray(f(net, POINTS))) for name, (f, net) in tasks.items()}
    out["train"] = trainer(toy, start(mlp(jax.random.key(1), 3, WIDTH, 2)), RATE, DECAY)
    embedding = jax.random.normal(jax.random.key(2), (MD_FRAMES, MD_EMBEDDING))
    out["train MD"] = trainer(dynamics, start((embedding, mlp(jax.random.key(3), MD_ANGLES + 1 + MD_EMBEDDING, MD_WIDTH, MD_ANGLES))), 1e-3, 0)
    out["MMD"] = timed(lambda: float(mmd_of(eight_gaussians(10_000), eight_gaussians(10_000))))
    return out


def timed(task):
    def run(n):
        began = time.perf_counter()
        for _ in range(n):
            task()
        return time.perf_counter() - began, n
    return run


def cpu():
    """Seconds that the processors have spent on this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    if library == "memory":
        print(json.dumps(unet_memory()))
        return
    try:
        tasks, warm = {"torch": torch_tasks, "jax": jax_tasks}[library](), set()
    except (RuntimeError, AssertionError) as e:  # of either library, where it sees no such device
        print(json.dumps({"error": f"{type(e).__name__}: {e}".splitlines()[0].removesuffix(": ") + f": no device {device}"}), flush=True)
        return
    print(json.dumps({"versions": versions(), "tasks": sorted(tasks), "parameters": PARAMETERS}), flush=True)
    for line in sys.stdin:
        ask = json.loads(line)
        name, n = ask["task"], ask["n"]
        try:
            if name not in warm:
                warm.add(name)
                tasks[name](1)
            before = cpu()
            seconds, done = tasks[name](n)
            print(json.dumps({"seconds": seconds / done, "cpu": (cpu() - before) / done}), flush=True)
        except Exception as e:  # the one who asks says what failed, and goes on with other tasks
            print(json.dumps({"error": f"{type(e).__name__}: {e}".splitlines()[0]}), flush=True)


def versions():
    from importlib.metadata import version
    from importlib.util import find_spec
    packages = {"torch": {"torch": "PyTorch", "pot": "POT"}, "jax": {"jax": "JAX"}}[library]
    return ", ".join(f"{name} {version(package)}" for package, name in packages.items() if find_spec({"pot": "ot"}.get(package, package)))


main()

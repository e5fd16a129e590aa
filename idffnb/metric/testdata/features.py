"""Reference values of Frechet, KID and PrecisionRecall on fixed features, in features.json, with the features in features_*.npy.

    pip install numpy scipy   # the files were made with numpy 2.4.6, scipy 1.17.1
    python features.py

The values agree with calculate_frechet_distance of pytorch-fid 0.3.0 and kernel_mmd of torch-fidelity 0.4.0.
"""
import json

import numpy as np
from scipy import linalg


def frechet(x, y):
    x, y = x.astype(np.float64), y.astype(np.float64)
    d = x.mean(0) - y.mean(0)
    s, t = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    return d @ d + np.trace(s) + np.trace(t) - 2 * np.trace(linalg.sqrtm(s @ t)).real


def kid(x, y):
    x, y = x.astype(np.float64), y.astype(np.float64)
    k = lambda a, b: (a @ b.T / a.shape[1] + 1) ** 3
    within = lambda a: (k(a, a).sum() - np.trace(k(a, a))) / (len(a) * (len(a) - 1))
    return within(x) + within(y) - 2 * k(x, y).mean()


def precision(x, y, k):
    """The share of x in a ball around a point of y, which reaches to its k-th nearest other point."""
    def distances(a, b):
        return ((a[:, None, :].astype(np.float64) - b[None, :, :]) ** 2).sum(-1)
    radius = np.sort(distances(y, y), axis=1)[:, k]  # the nearest is the point itself
    return float((distances(x, y) <= radius).any(1).mean())


rng = np.random.default_rng(0)
out = {}
for name, (n, m, dim) in {"full": (120, 100, 16), "few": (24, 30, 40)}.items():  # few: covariances without full rank
    mix = rng.normal(size=(6, dim))
    x = np.maximum(rng.normal(size=(n, 6)) @ mix + 0.3 * rng.normal(size=(n, dim)), 0).astype(np.float32)
    y = np.maximum(1.2 * rng.normal(size=(m, 6)) @ mix + 0.2 + 0.3 * rng.normal(size=(m, dim)), 0).astype(np.float32)
    np.save(f"features_{name}_x.npy", x)
    np.save(f"features_{name}_y.npy", y)
    size = 20
    blocks = [kid(x[i:i + size], y[i:i + size]) for i in range(0, min(n, m) - size + 1, size)]
    out[name] = {"dim": dim, "frechet": frechet(x, y), "kid": kid(x, y), "size": size, "kid_blocks": blocks,
                 "precision": [precision(x, y, k) for k in (1, 3, 5)], "recall": [precision(y, x, k) for k in (1, 3, 5)]}
with open("features.json", "w") as f:
    json.dump(out, f, indent=1)
    f.write("\n")

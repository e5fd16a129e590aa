"""Reference densities of figures.KDE: scipy.stats.gaussian_kde with Scott's bandwidth.

Run: python kde.py > kde.json   (scipy 1.17.1, numpy 2.4.6)
"""
import json, sys
import numpy as np
from scipy.stats import gaussian_kde

rng = np.random.default_rng(0)
out = []
for name, x in {
    "normal": rng.standard_normal((40, 2)),
    "correlated": rng.standard_normal((60, 2)) @ np.array([[2.0, 1.2], [0.0, 0.3]]) + [1, -2],
    "two clusters": np.r_[rng.standard_normal((25, 2)) * 0.3 - 3, rng.standard_normal((25, 2)) * 0.5 + 3],
}.items():
    x = x.round(6)
    lo, hi = x.min(0) - 0.5, x.max(0) + 0.5
    gx, gy = np.linspace(lo[0], hi[0], 9), np.linspace(lo[1], hi[1], 9)
    X, Y = np.meshgrid(gx, gy)
    for scale in (1.0, 0.5):
        k = gaussian_kde(x.T)
        k.set_bandwidth(k.scotts_factor() * scale)
        p = k(np.stack([X.ravel(), Y.ravel()]))
        out.append(dict(name=name, scale=scale, points=x.tolist(), box=[lo[0], hi[0], lo[1], hi[1]], n=9, density=p.tolist()))
json.dump(out, sys.stdout)

"""Writes coverage.json beside it: coverage and precision of the clouds in this folder, in numpy, for several k.

    python coverage.py      # with prdc installed as well, holds the values against it

Keys: set, then "a_b" for samples a against data b and so on, then k.
"""
import json
import pathlib

import numpy as np

here = pathlib.Path(__file__).parent


def distances(a, b):
    return np.sqrt(((a[:, None].astype(np.float64) - b[None]) ** 2).sum(2))


def evaluate(samples, data, k):
    radius = np.sort(distances(data, data), 1)[:, k]  # column 0 is the point itself
    inside = distances(data, samples) <= radius[:, None]
    return {"uncovered": 1 - inside.any(1).mean(), "astray": 1 - inside.any(0).mean()}


def agree(values, samples, data, k):
    try:
        from prdc import compute_prdc
    except ImportError:
        return False
    other = compute_prdc(real_features=data, fake_features=samples, nearest_k=k)
    assert abs(1 - values["uncovered"] - other["coverage"]) < 1e-12, (values, other)
    assert abs(1 - values["astray"] - other["precision"]) < 1e-12, (values, other)
    return True


out, checked = {}, 0
for name in ("8gaussians", "checkerboard"):
    cloud = {c: np.load(here / f"{name}_{c}.npy") for c in "ab"}
    out[name] = {}
    for samples, data in (("a", "b"), ("b", "a")):
        out[name][f"{samples}_{data}"] = by_k = {}
        for k in (1, 2, 3, 5, 10, 100):
            by_k[str(k)] = evaluate(cloud[samples], cloud[data], k)
            checked += agree(by_k[str(k)], cloud[samples], cloud[data], k)
(here / "coverage.json").write_text(json.dumps(out, indent=1) + "\n")
print(f"numpy {np.__version__}; {checked} pairs of values agree with prdc")

"""Writes scores.json beside it: reference values of scores for ensembles, angles and histograms, with the small arrays that they are of.

    pip install numpy==1.26.4 scipy==1.11.4 properscoring==0.1 xskillscore==0.0.26 scoringrules==0.10.0 \
        scikit-learn==1.5.2 astropy==6.1.7
    python scores.py
"""
import json
import pathlib

import numpy as np
import properscoring
import scoringrules
import xarray
import xskillscore
from astropy.stats import circcorrcoef
from scipy.spatial.distance import jensenshannon
from scipy.stats import circmean, entropy
from sklearn.neighbors import KernelDensity

rng = np.random.default_rng(6)
f32 = lambda a: np.asarray(a, np.float32).astype(np.float64)
out = {}

# Ensembles [members, points]; the last point has ties, the first lies outside of its members.
members, points = 7, 12
truth = f32(rng.normal(size=points))
ensemble = f32(rng.normal(0.2, 1.3, size=(members, points)))
truth[0] = 5
ensemble[:, -1] = [1, 1, 2, 0, 0, 3, 1]
truth[-1] = 1
da = lambda a: xarray.DataArray(a, dims=["member", "point"][-a.ndim:])
weights = f32(rng.uniform(0.1, 1, size=4))
w = np.tile(weights, points // 4)
variance = ensemble.var(0, ddof=1)
squared = (ensemble.mean(0) - truth) ** 2
ps = properscoring.crps_ensemble(truth, ensemble.T)
xs = xskillscore.crps_ensemble(da(truth), da(ensemble), member_dim="member", dim=[]).values
assert np.allclose(ps, xs, rtol=1e-12), (ps, xs)
rank = xskillscore.rank_histogram(da(truth[:-1]), da(ensemble[:, :-1]), member_dim="member", dim="point").values
out["ensemble"] = {
    "members": members, "truth": truth.tolist(), "forecast": ensemble.ravel().tolist(), "weights": weights.tolist(),
    "crps": ps.tolist(),
    "fair_crps": np.asarray(scoringrules.crps_ensemble(truth, ensemble.T, estimator="fair")).tolist(),
    "rank_without_last": rank.astype(int).tolist(),
    "spread": float(np.sqrt(variance.mean())), "rmse": float(np.sqrt(squared.mean())),
    "weighted_spread": float(np.sqrt(np.average(variance, weights=w))),
    "weighted_rmse": float(np.sqrt(np.average(squared, weights=w))),
}

# Angles in degrees [members, points], spread all around; and a narrow set across +-180.
arc = lambda a, b: np.abs((a - b + 180) % 360 - 180)
for name, noise in (("wide", 200), ("narrow", 25)):
    truth = f32((rng.uniform(-180, 180, size=points) if name == "wide" else 355 + 20 * rng.normal(size=points)) % 360 - 180)
    ensemble = f32((truth + noise * rng.normal(size=(members, points)) + 180) % 360 - 180)
    first = np.mean(arc(ensemble, truth), 0)
    pairs = arc(ensemble[:, None], ensemble[None]).sum((0, 1))
    rad = np.pi / 180
    chord = lambda a: np.stack([np.cos(a * rad), np.sin(a * rad)]) / rad
    z, y = chord(ensemble), chord(truth)
    out["angles_" + name] = {
        "members": members, "truth": truth.tolist(), "forecast": ensemble.ravel().tolist(),
        "crps": (first - pairs / (2 * members**2)).tolist(),
        "fair_crps": (first - pairs / (2 * members * (members - 1))).tolist(),
        "spread": float(np.sqrt(z.var(1, ddof=1).sum(0).mean())),
        "rmse": float(np.sqrt(((z.mean(1) - y) ** 2).sum(0).mean())),
        "mean": float(circmean(truth, high=180, low=-180)),
        "circular_correlation": float(circcorrcoef(ensemble[0] * rad, truth * rad)),
        "circular_mae": float(arc(ensemble[0], truth).mean()),
        "circular_rmse": float(np.sqrt((arc(ensemble[0], truth) ** 2).mean())),
        "cc": float(np.corrcoef(ensemble[0], truth)[0, 1]),
        "mae": float(np.abs(ensemble[0] - truth).mean()),
        "rmse_linear": float(np.sqrt(((ensemble[0] - truth) ** 2).mean())),
    }

# Histograms; base 2.
p, q = rng.integers(0, 9, size=20), rng.integers(0, 9, size=20)
p[3] = q[4] = p[5] = q[5] = 0
out["histograms"] = {"p": p.tolist(), "q": q.tolist(), "js_bits": float(jensenshannon(p, q, base=2) ** 2)}

# The steps of IDFF's KL by kernel density: log densities at all points, exp, add, normalise, entropy.
def kl(data, samples, h, eps=1e-10):
    z = np.vstack([data, samples])
    p, q = (np.exp(KernelDensity(kernel="gaussian", bandwidth=h).fit(a).score_samples(z)) + eps for a in (data, samples))
    return float(entropy(p / p.sum(), q / q.sum()))

data, samples = f32(rng.normal(size=(30, 2))), f32(rng.normal(0.5, 1.2, size=(40, 2)))
out["kde"] = {
    "data": data.ravel().tolist(), "samples": samples.ravel().tolist(),
    "kl_1": kl(data, samples, 1.0), "kl_0.3": kl(data, samples, 0.3), "kl_0.02": kl(data, samples, 0.02),
}
here = pathlib.Path(__file__).parent
(here / "scores.json").write_text(json.dumps(out, indent=1) + "\n")
print({k: {a: b for a, b in v.items() if not isinstance(b, list)} for k, v in out.items()})

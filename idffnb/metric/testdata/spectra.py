"""Writes spectra.json beside it: reference values of spectra and of weighted scores, with the small arrays that they are of.

    pip install numpy==2.4.6 scipy==1.17.1 xarray==2026.9.0 xskillscore==0.0.29
    python spectra.py
"""
import json
import pathlib

import numpy as np
import scipy.signal
import xarray
import xskillscore

rng = np.random.default_rng(9)
f32 = lambda a: np.asarray(a, np.float32).astype(np.float64)
out = {}

# Welch: two replicas of 60 frames of two values.
x = f32(np.cumsum(rng.normal(size=(2, 60, 2)), 1))
f, p = scipy.signal.welch(x, fs=1 / .25, nperseg=16, axis=1)
f15, p15 = scipy.signal.welch(x, fs=1 / .25, nperseg=15, noverlap=7, axis=1)
out["welch"] = {"values": x.ravel().tolist(), "frequency": f.tolist(), "power": p.mean(0).T.tolist(), "frequency_15": f15.tolist(), "power_15": p15.mean(0).T.tolist()}

# Rings of the two-dimensional transform, with and without a window.
fields = f32(rng.normal(size=(3, 10, 12)).cumsum(1).cumsum(2))
h, w, dx = 10, 12, 2.5
ky, kx = np.meshgrid(np.fft.fftfreq(h), np.fft.fftfreq(w), indexing="ij")
ring = np.rint(np.hypot(ky, kx) * w).astype(int)
for name, window in (("plain", np.ones((h, w))), ("hann", np.outer(scipy.signal.get_window("hann", h), scipy.signal.get_window("hann", w)))):
    z = (fields - fields.mean((1, 2), keepdims=True)) * window
    power = np.abs(np.fft.fft2(z)) ** 2 / (h * w * (window**2).sum())
    out["radial_" + name] = [float(power[:, ring == k].sum() / 3 * dx * w) for k in range(1, w // 2 + 1)]
out["fields"] = fields.ravel().tolist()

# An ensemble of maps with latitude weights: members x frames x lat x lon.
truth, ensemble = f32(rng.normal(size=(4, 3, 5))), f32(rng.normal(.2, 1.2, size=(6, 4, 3, 5)))
lat = np.cos(np.radians([10., 40., 70.]))
dims = ("member", "frame", "lat", "lon")
da = lambda a: xarray.DataArray(a, dims=dims[-a.ndim:])
weights = da(np.repeat(lat[:, None], 5, 1))
mean = da(ensemble.mean(0))
space = ["lat", "lon"]
out["maps"] = {
    "members": 6, "truth": truth.ravel().tolist(), "forecast": ensemble.ravel().tolist(), "weights": weights.values.ravel().tolist(),
    "crps": xskillscore.crps_ensemble(da(truth), da(ensemble), member_dim="member", dim=space, weights=weights).values.tolist(),
    "mse": xskillscore.mse(mean, da(truth), dim=space, weights=weights).values.tolist(),
    "rmse": float(xskillscore.rmse(mean, da(truth), dim=["frame"] + space, weights=weights.broadcast_like(mean))),
    "spread": float(np.sqrt(da(ensemble).var("member", ddof=1).weighted(weights).mean())),
}
here = pathlib.Path(__file__).parent
(here / "spectra.json").write_text(json.dumps(out) + "\n")
print({k: v for k, v in out.items() if k.startswith("radial")}, out["maps"]["crps"], out["maps"]["rmse"], out["maps"]["spread"])

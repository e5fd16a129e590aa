"""Writes python.safetensors with the safetensors library, and reads go.safetensors back with it."""
import sys
import numpy as np, safetensors
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

save_file({
    "weights": np.array([[1, -2.5, 3], [4, 5, 1e-30]], np.float32),
    "step": np.array(-7, np.int64),
    "empty": np.zeros((0, 4), np.float32),
    "mask": np.array([True, False, True]),
    "half": np.array([0.5, -1], np.float16),
    "rng": np.array([2**64 - 1, 1], np.uint64),
    "double": np.array([np.pi]),
}, "python.safetensors", {"made by": "safetensors", "naïve": "ü\n\""})

t = load_file("go.safetensors")
assert sorted(t) == ["adam/m", "adam/step", "empty", "flags", "lr"], sorted(t)
np.testing.assert_array_equal(t["adam/m"], np.array([[1, -2.5, 3], [4, 5, 1e-30]], np.float32))
assert t["adam/m"].dtype == np.float32 and t["adam/m"].shape == (2, 3)
assert t["adam/step"].dtype == np.int64 and t["adam/step"].shape == () and t["adam/step"] == -7
assert t["empty"].shape == (0, 4) and t["lr"].dtype == np.float64 and t["lr"] == 2e-4
np.testing.assert_array_equal(t["flags"], np.array([1, 2, 255], np.uint8))
with safe_open("go.safetensors", "np") as f:
    m = f.metadata()
assert m["loss"] == "0.25" and m["naïve"] == "ü\n\"<&>", m
print("ok: Python", sys.version.split()[0], "numpy", np.__version__, "safetensors", safetensors.__version__)

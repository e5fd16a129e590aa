"""unet_training.pt.gz, a training checkpoint as TorchCFM keeps them ({"net_model", "ema_model", "sched", "optim", "step"}) of a tiny U-Net of TorchCFM's, written by torch.save; and unet_training.json, what the two networks in it give.

    pip install torch torchcfm   # the files were made with torch 2.15.0, torchcfm 1.0.7, numpy 2.4.6, Python 3.11
    python unet_checkpoint.py

Weights repeat after 61 or 59 numbers, so that the file, of 271,905 in each network, is small when it is compressed; neither number divides the length of an axis.
"""
import gzip
import importlib.util
import io
import json
import sys
import types
import zlib

import numpy as np
import torch

root = importlib.util.find_spec("torchcfm").submodule_search_locations[0]
for name, path in {"torchcfm": root, "torchcfm.models": root + "/models"}.items():
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
from torchcfm.models.unet.unet import UNetModelWrapper  # noqa: E402


def values(name, shape, period):
    n = int(np.prod(shape))
    u = ((np.arange(n) + zlib.crc32(name.encode()) % period) % period * 22 % period) / (period - 1) - 0.5
    if len(shape) == 1:
        u = 1 + u if name.endswith("weight") else 0.2 * u
    else:
        u = u * np.sqrt(12 / np.prod(shape[1:]))
    return torch.from_numpy(u.astype(np.float32).reshape(shape))


def network(period):
    model = UNetModelWrapper(dim=(1, 4, 4), num_channels=32, num_res_blocks=1, channel_mult=[1, 1], attention_resolutions="1", num_heads=1, class_cond=True, num_classes=2)
    with torch.no_grad():
        for n, p in model.named_parameters():
            p.copy_(values(n, tuple(p.shape), period))
    return model


models = {"net_model": network(61), "ema_model": network(59)}
optim = torch.optim.Adam(models["net_model"].parameters(), lr=2e-4)
file = io.BytesIO()
torch.save({**{k: m.state_dict() for k, m in models.items()}, "sched": {"base_lrs": [2e-4], "last_epoch": 7}, "optim": optim.state_dict(), "step": 7}, file)
with gzip.GzipFile("unet_training.pt.gz", "wb", 9, mtime=0) as f:
    f.write(file.getvalue())

rng = np.random.default_rng(0)
x = rng.standard_normal((3, 1, 4, 4), dtype=np.float32).round(3)
t, y = np.array([0, 0.25, 0.875], np.float32), np.array([0, 1, 1])
out = {"x": x.ravel().tolist(), "t": t.tolist(), "labels": y.tolist()}
for key, model in models.items():
    with torch.no_grad():
        out[key] = model.eval()(torch.from_numpy(t), torch.from_numpy(x), torch.from_numpy(y)).ravel().tolist()
with open("unet_training.json", "w") as f:
    json.dump(json.loads(json.dumps(out), parse_float=lambda s: float(f"{float(s):.8g}")), f, separators=(",", ":"))
    f.write("\n")

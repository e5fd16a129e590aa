"""Reference values of net.UNet: outputs and gradients of TorchCFM's U-Net on a few small settings, in unet.json.

    pip install torch torchcfm   # the file was made with torch 2.15.0, torchcfm 1.0.7, numpy 2.4.6
    python unet.py

The weights are not stored: a formula gives them, here (values) and in unet_test.go (formula).
"""
import importlib.util
import json
import sys
import types
import zlib

import numpy as np
import torch

# The U-Net alone, so that torchcfm's other dependencies need not be there.
root = importlib.util.find_spec("torchcfm").submodule_search_locations[0]
for name, path in {"torchcfm": root, "torchcfm.models": root + "/models"}.items():
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
from torchcfm.models.unet.unet import UNetModelWrapper  # noqa: E402


def values(name, shape):
    """(v - 1/2) scale, v in [0, 1) from a hash of the name and the place; 1 + that for the scales of group norms."""
    n = int(np.prod(shape))
    v = (np.arange(n, dtype=np.uint64) * 2654435761 + zlib.crc32(name.encode())) & 0xFFFFFFFF
    v ^= v >> np.uint64(16)
    v = v * 0x45D9F3B & 0xFFFFFFFF
    v ^= v >> np.uint64(16)
    u = v / 2.0**32 - 0.5
    if len(shape) == 1:
        u = 1 + u if name.endswith("weight") else 0.2 * u
    else:
        u = u * np.sqrt(12 / np.prod(shape[1:]))
    return u.astype(np.float32).reshape(shape)


settings = {
    "plain": dict(dim=(3, 8, 8), num_channels=32, num_res_blocks=1, channel_mult=[1, 2], attention_resolutions="8", num_heads=2),
    "wide": dict(dim=(1, 8, 12), num_channels=32, num_res_blocks=2, channel_mult=[1, 1, 2], attention_resolutions="6", num_heads=1),
    "all": dict(dim=(3, 8, 8), num_channels=32, num_res_blocks=1, channel_mult=[1, 2], attention_resolutions="4", num_head_channels=16,
                use_scale_shift_norm=True, resblock_updown=True, learn_sigma=True, class_cond=True, num_classes=5),
}
published = {
    "torchcfm cifar10": dict(dim=(3, 32, 32), num_res_blocks=2, num_channels=128, channel_mult=[1, 2, 2, 2], num_heads=4, num_head_channels=64, attention_resolutions="16", dropout=0.1),
    "idff cifar10": dict(dim=(3, 32, 32), num_res_blocks=2, num_channels=128, channel_mult=[1, 2, 2, 4], num_heads=4, num_head_channels=64, attention_resolutions="16", dropout=0.1),
    "torchcfm mnist": dict(dim=(1, 28, 28), num_channels=32, num_res_blocks=1),
}


def channels_last(x):
    return x.permute(0, 2, 3, 1).reshape(-1)


out = {"versions": {"torch": torch.__version__, "numpy": np.__version__, "torchcfm": "1.0.7"}, "cases": {}, "parameters": {}}
for name, kw in settings.items():
    model = UNetModelWrapper(**kw).eval()
    with torch.no_grad():
        for n, p in model.named_parameters():
            p.copy_(torch.from_numpy(values(n, tuple(p.shape))))
    n, (c, h, w) = 2, kw["dim"]
    x = torch.from_numpy(values("x", (n, h, w, c)) * 5).permute(0, 3, 1, 2).contiguous().requires_grad_()
    t = torch.tensor([0.25, 0.875])
    y = torch.tensor([1, 4]) if kw.get("class_cond") else None
    pred = model(t, x, y)
    loss = (pred**2).mean()
    grads = torch.autograd.grad(loss, [x, *model.parameters()])
    if kw.get("learn_sigma"):  # head by head, each channels last
        flat = torch.stack([p.permute(0, 2, 3, 1) for p in pred.split(c, dim=1)], 1).reshape(-1)
    else:
        flat = channels_last(pred)
    out["cases"][name] = {
        "out": flat.tolist(),
        "grad_x": channels_last(grads[0]).tolist(),
        "loss": loss.item(),
        "parameters": {k: {"shape": list(p.shape), "gradient": g.norm().item()} for (k, p), g in zip(model.named_parameters(), grads[1:])},
    }
for name, kw in published.items():
    with torch.device("meta"):
        out["parameters"][name] = sum(p.numel() for p in UNetModelWrapper(**kw).parameters())

round8 = lambda v: json.loads(json.dumps(v), parse_float=lambda s: float(f"{float(s):.8g}"))
with open("unet.json", "w") as f:
    json.dump(round8(out), f, separators=(",", ":"))
    f.write("\n")

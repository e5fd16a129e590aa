"""Writes the files of this folder with PyTorch: python make.py. Everything is drawn from fixed seeds; the README says with which versions."""
import builtins
import collections
import os
import sys

import numpy as np
import safetensors
import torch
from safetensors.torch import save_file
from torch import nn

DIM, WIDTH = 2, 8


class MLP(nn.Module):
    """The network of IDFF's 2-D experiments, narrow."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(DIM + 1, WIDTH), nn.SELU(), nn.Linear(WIDTH, WIDTH), nn.SELU(),
            nn.Linear(WIDTH, WIDTH), nn.SELU(), nn.Linear(WIDTH, DIM))

    def forward(self, x):
        return self.net(x)


class Odd(nn.Module):
    """Buffers that are kept and not kept, a module twice, a parameter that is None, an attribute that is a function."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3, bias=False)
        self.again = self.first
        self.norm = nn.BatchNorm1d(3)
        self.register_buffer("kept", torch.arange(3.0))
        self.register_buffer("passing", torch.arange(4.0), persistent=False)
        self.act = torch.nn.functional.selu
        self.sizes = torch.Size([2, 3])
        self.rate = np.float64(0.1)


class Holder:
    """No nn.Module, but with one inside, as a trainer that was pickled whole."""

    def __init__(self, model):
        self.model, self.steps, self.log = model, 7, {"loss": [0.5, 0.25]}


class Call:
    """A pickle of this calls a function when Python loads it."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def network(seed):
    torch.manual_seed(seed)
    return MLP()


def no_source(_):
    raise OSError("the file keeps no source code")


torch.serialization.get_source_lines_and_file = no_source  # the legacy format would keep that of every class

net = network(1)
state = net.state_dict()
torch.save(state, "state.pt")
torch.save(net, "module.pt")
torch.save(state, "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(net, "legacy_module.pt", _use_new_zipfile_serialization=False)
torch.save(state, "protocol4.pt", pickle_protocol=4)
save_file(state, "state.safetensors", {"format": "pt"})
for name, dtype in [("half", torch.float16), ("bfloat16", torch.bfloat16), ("double", torch.float64)]:
    torch.save({k: v.to(dtype) for k, v in state.items()}, name + ".pt")
torch.save(Odd(), "odd.pt")
torch.save(Holder(net), "holder.pt")

# A training checkpoint as TorchCFM writes it, after a step, and one as Lightning does.
ema = network(2)
optim = torch.optim.AdamW(net.parameters(), lr=0.0)
sched = torch.optim.lr_scheduler.MultiStepLR(optim, [10, 20])
net(torch.ones(1, 3)).sum().backward()
optim.step()
sched.step()
torch.save({"net_model": state, "ema_model": ema.state_dict(), "sched": sched.state_dict(), "optim": optim.state_dict(), "step": 100}, "training.pt")
torch.save({"epoch": 3, "global_step": torch.tensor(100), "pytorch-lightning_version": "2.0.0", "loops": {"done": True}, "lr": np.float32(0.1),
            "state_dict": collections.OrderedDict(("model." + k, v) for k, v in state.items()), "hyper_parameters": {"width": 8}}, "lightning.pt")

# Tensors that are not a storage from end to end.
base = torch.arange(24.0)
views = {
    "transposed": base.view(4, 6).t(), "step": base[1:20:3], "block": base.view(4, 6)[1:3, 2:5], "tail": base[20:], "whole": base.view(2, 3, 4),
    "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 3), "scalar": torch.tensor(-1.5), "empty": torch.zeros(0, 4), "column": base.view(6, 4)[:, 1:2],
    "channels_last": torch.arange(48.0).view(2, 3, 2, 4).contiguous(memory_format=torch.channels_last),
    "int64": torch.tensor([1, -(2**40)]), "int32": torch.tensor([[7, -7]], dtype=torch.int32), "uint8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]), "uint32": torch.tensor([1, 2**32 - 1], dtype=torch.uint32), "float8": torch.tensor([1.0, -2.0]).to(torch.float8_e4m3fn),
    "parameter": nn.Parameter(torch.tensor([3.0])),
}
tied = torch.ones(2)
views["tied1"], views["tied2"] = tied, tied
torch.save(views, "views.pt")
torch.save(views, "legacy_views.pt", _use_new_zipfile_serialization=False)
save_file({k: v.detach().clone().contiguous() for k, v in views.items()}, "views.safetensors")

# Pickles that would run code.
torch.save({"net.0.weight": torch.ones(2), "x": Call(os.system, "touch owned")}, "system.pt")
torch.save({"net.0.weight": torch.ones(2), "x": Call(builtins.eval, "1+1")}, "eval.pt")
torch.save({"net.0.weight": torch.ones(2), "x": Call(getattr, Call(__import__, "os"), "system")}, "getattr.pt")
torch.save(Call(os.system, "touch owned"), "legacy_system.pt", _use_new_zipfile_serialization=False)
torch.save({"a": torch.sparse_coo_tensor([[0]], [1.0], [2])}, "sparse.pt")
torch.save({"a": torch.ones(2, dtype=torch.complex64)}, "complex.pt")

# What the network gives, in float32.
torch.manual_seed(3)
x, t = torch.randn(6, DIM), torch.linspace(0, 1, 6)
with torch.no_grad():
    out = {"x": x, "t": t, "pred": net(torch.cat([x, t[:, None]], 1)), "pred_ema": ema(torch.cat([x, t[:, None]], 1))}
save_file(out, "forward.safetensors")
print("Python", sys.version.split()[0], "torch", torch.__version__, "numpy", np.__version__, "safetensors", safetensors.__version__)

"""Loads exported.safetensors, which Run.Export of idffnb wrote, into the network of make.py, and writes what PyTorch gives with it: python check_export.py"""
import torch
from safetensors.torch import load_file, save_file
from torch import nn

weights, inputs = load_file("exported.safetensors"), load_file("forward.safetensors")


class MLP(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(3, width), nn.SELU(), nn.Linear(width, width), nn.SELU(), nn.Linear(width, width), nn.SELU(), nn.Linear(width, 2))


model = MLP()
print(model.load_state_dict(weights))
with torch.no_grad():
    save_file({"pred": model.net(torch.cat([inputs["x"], inputs["t"][:, None]], 1))}, "exported_forward.safetensors")

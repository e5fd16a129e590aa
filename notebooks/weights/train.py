"""Trains the network of notebook 07_your_own_model in PyTorch and saves it twice: as a state dict and as a whole pickled module.

    pip install torch==2.15.0 && python train.py

As IDFF's released code for 2-D data: an MLP (x, y, t) -> 3 hidden layers with SELU -> end point, here 64 wide, trained with the loss
mean(((xhat1 - x1)/(1.01 - t))^2) on straight paths from N(0, I), independent coupling, AdamW 2e-4, batch 256, gradient norm cut to 1.
"""
import math

import torch


class MLP(torch.nn.Module):
    def __init__(self, dim=2, width=64):
        super().__init__()
        self.net = torch.nn.Sequential(
            torch.nn.Linear(dim + 1, width), torch.nn.SELU(),
            torch.nn.Linear(width, width), torch.nn.SELU(),
            torch.nn.Linear(width, width), torch.nn.SELU(),
            torch.nn.Linear(width, dim))

    def forward(self, x):
        return self.net(x)


def eight_gaussians(n):
    angle = torch.randint(8, (n,)) * (2 * math.pi / 8)
    centre = 5 * torch.stack([torch.cos(angle), torch.sin(angle)], 1)
    return centre + 0.1 ** 0.25 * torch.randn(n, 2)


def main(steps=20_000):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = MLP()
    adam = torch.optim.AdamW(model.parameters(), lr=2e-4, betas=(0.9, 0.999), weight_decay=0.01)
    for step in range(steps):
        x1 = eight_gaussians(256)
        x0, t = torch.randn_like(x1), torch.rand(256, 1)
        x = t * x1 + (1 - t) * x0
        loss = (((model(torch.cat([x, t], 1)) - x1) / (1.01 - t)) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        if step % 5000 == 0:
            print(step, loss.item())
    torch.save(model.state_dict(), "8gaussians.pt")
    torch.save(model, "8gaussians_module.pt")
    print("torch", torch.__version__)


if __name__ == "__main__":
    main()

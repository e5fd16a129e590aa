"""Features of FID's Inception-v3 with weights by a formula, by PyTorch (2.15.0): python3 inception.py writes inception.json.

The network is pytorch-fid's: torchvision's Inception-v3 up to the global mean, with its names, but pools of Mixed_5 and Mixed_6 and Mixed_7b that do not count the zeros around the image, and a pool of maxima in Mixed_7c, as in the
TensorFlow network of 2015-12-05. Written here with plain torch, for images of 75 x 75 pixels, the smallest it takes, so that it is quick.
"""
import json
import zlib

import numpy as np
import torch
import torch.nn.functional as F


def noise(name, n):
    """n numbers uniform in [-1, 1): a hash of name and index."""
    h = (np.arange(n, dtype=np.uint64) * 2654435761 + zlib.crc32(name.encode())) & 0xFFFFFFFF
    h ^= h >> np.uint64(15)
    h = (h * 0x85EBCA6B) & 0xFFFFFFFF
    h ^= h >> np.uint64(13)
    return torch.from_numpy((h.astype(np.float64) / 2**31 - 1).astype(np.float32))


shapes = {}


def conv(name, x, out, kernel, stride=1, padding=(0, 0)):
    """BasicConv2d: a convolution without bias, batch normalisation with its running statistics and eps .001, ReLU."""
    fan = x.shape[1] * kernel[0] * kernel[1]
    shapes[name + ".conv.weight"] = [out, x.shape[1], *kernel]
    for part in ("weight", "bias", "running_mean", "running_var"):
        shapes[f"{name}.bn.{part}"] = [out]
    w = noise(name + ".conv.weight", out * fan).reshape(out, x.shape[1], *kernel) * (6 / fan) ** 0.5
    y = F.conv2d(x, w, stride=stride, padding=padding)
    bn = {p: noise(f"{name}.bn.{p}", out) for p in ("weight", "bias", "running_mean", "running_var")}
    y = F.batch_norm(y, 0.1 * bn["running_mean"], 1 + 0.5 * bn["running_var"], 1 + 0.2 * bn["weight"], 0.1 * bn["bias"], eps=0.001)
    return F.relu(y)


def mean(x):
    return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


def a(n, x, pool):
    b1 = conv(n + ".branch1x1", x, 64, (1, 1))
    b5 = conv(n + ".branch5x5_2", conv(n + ".branch5x5_1", x, 48, (1, 1)), 64, (5, 5), padding=(2, 2))
    b3 = conv(n + ".branch3x3dbl_2", conv(n + ".branch3x3dbl_1", x, 64, (1, 1)), 96, (3, 3), padding=(1, 1))
    b3 = conv(n + ".branch3x3dbl_3", b3, 96, (3, 3), padding=(1, 1))
    return torch.cat([b1, b5, b3, conv(n + ".branch_pool", mean(x), pool, (1, 1))], 1)


def b(n, x):
    b3 = conv(n + ".branch3x3", x, 384, (3, 3), 2)
    d = conv(n + ".branch3x3dbl_2", conv(n + ".branch3x3dbl_1", x, 64, (1, 1)), 96, (3, 3), padding=(1, 1))
    return torch.cat([b3, conv(n + ".branch3x3dbl_3", d, 96, (3, 3), 2), F.max_pool2d(x, 3, 2)], 1)


def c(n, x, w):
    row, column = dict(kernel=(1, 7), padding=(0, 3)), dict(kernel=(7, 1), padding=(3, 0))
    s = conv(n + ".branch7x7_1", x, w, (1, 1))
    s = conv(n + ".branch7x7_3", conv(n + ".branch7x7_2", s, w, **row), 192, **column)
    d = conv(n + ".branch7x7dbl_1", x, w, (1, 1))
    d = conv(n + ".branch7x7dbl_3", conv(n + ".branch7x7dbl_2", d, w, **column), w, **row)
    d = conv(n + ".branch7x7dbl_5", conv(n + ".branch7x7dbl_4", d, w, **column), 192, **row)
    return torch.cat([conv(n + ".branch1x1", x, 192, (1, 1)), s, d, conv(n + ".branch_pool", mean(x), 192, (1, 1))], 1)


def d(n, x):
    s = conv(n + ".branch3x3_2", conv(n + ".branch3x3_1", x, 192, (1, 1)), 320, (3, 3), 2)
    t = conv(n + ".branch7x7x3_2", conv(n + ".branch7x7x3_1", x, 192, (1, 1)), 192, (1, 7), padding=(0, 3))
    t = conv(n + ".branch7x7x3_4", conv(n + ".branch7x7x3_3", t, 192, (7, 1), padding=(3, 0)), 192, (3, 3), 2)
    return torch.cat([s, t, F.max_pool2d(x, 3, 2)], 1)


def e(n, x, pool):
    def fork(name, x):
        return torch.cat([conv(name + "a", x, 384, (1, 3), padding=(0, 1)), conv(name + "b", x, 384, (3, 1), padding=(1, 0))], 1)

    s = fork(n + ".branch3x3_2", conv(n + ".branch3x3_1", x, 384, (1, 1)))
    t = conv(n + ".branch3x3dbl_2", conv(n + ".branch3x3dbl_1", x, 448, (1, 1)), 384, (3, 3), padding=(1, 1))
    return torch.cat([conv(n + ".branch1x1", x, 320, (1, 1)), s, fork(n + ".branch3x3dbl_3", t), conv(n + ".branch_pool", pool(x), 192, (1, 1))], 1)


def network(x):
    x = conv("Conv2d_2b_3x3", conv("Conv2d_2a_3x3", conv("Conv2d_1a_3x3", x, 32, (3, 3), 2), 32, (3, 3)), 64, (3, 3), padding=(1, 1))
    x = F.max_pool2d(x, 3, 2)
    x = F.max_pool2d(conv("Conv2d_4a_3x3", conv("Conv2d_3b_1x1", x, 80, (1, 1)), 192, (3, 3)), 3, 2)
    x = a("Mixed_5d", a("Mixed_5c", a("Mixed_5b", x, 32), 64), 64)
    x = b("Mixed_6a", x)
    x = c("Mixed_6e", c("Mixed_6d", c("Mixed_6c", c("Mixed_6b", x, 128), 160), 160), 192)
    x = d("Mixed_7a", x)
    x = e("Mixed_7c", e("Mixed_7b", x, mean), lambda x: F.max_pool2d(x, 3, stride=1, padding=1))
    return x.mean((2, 3))


images = noise("images", 2 * 20 * 24 * 3).reshape(2, 20, 24, 3)
x = F.interpolate(images.permute(0, 3, 1, 2), size=(75, 75), mode="bilinear", align_corners=False)
with torch.no_grad():
    f = network(x)
grey = F.interpolate(images[:, :, :, :1].permute(0, 3, 1, 2).repeat(1, 3, 1, 1), size=(75, 75), mode="bilinear", align_corners=False)
with torch.no_grad():
    g = network(grey)
pick = slice(None, None, 16)
with open("inception.json", "w") as file:
    json.dump({"torch": torch.__version__, "resized": [round(v, 6) for v in x[0, 1, ::9, ::9].flatten().tolist()], "shapes": shapes,
               "features": [[round(v, 5) for v in row[pick].tolist()] for row in f], "grey": [[round(v, 5) for v in row[pick].tolist()] for row in g]}, file)
print(f.shape, f.std(), f.mean(), f.max(), len(shapes))

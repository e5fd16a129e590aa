"""Reference values of Crop in crop.json, by torchvision on PIL's images: CenterCrop and Resize, or, where cut is 0, Resize and CenterCrop.

    pip install pillow torch torchvision numpy   # the file was made with pillow 13.0.0, torch 2.15.0, torchvision 0.29.2, numpy 2.4.6
    python crop.py
"""
import base64
import json

import numpy as np
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, Resize


def picture(height, width):
    """The test's picture, by a formula."""
    i = np.arange(height * width * 3, dtype=np.uint32)
    return ((i * i * 7 + i * 31) % 251).astype(np.uint8).reshape(height, width, 3)


out = []
# the last two: CelebA140 and CelebA64 on a picture of CelebA's size
for height, width, cut, size in [(30, 23, 20, 9), (11, 14, 7, 7), (9, 12, 9, 20), (23, 30, 0, 8), (30, 23, 0, 9), (9, 8, 0, 20), (8, 13, 0, 8), (7, 200, 0, 3), (218, 178, 140, 64), (218, 178, 0, 64)]:
    crop = Compose([CenterCrop(cut), Resize(size)] if cut else [Resize(size), CenterCrop(size)])
    pixels = np.asarray(crop(Image.fromarray(picture(height, width))))
    assert pixels.shape == (size, size, 3)
    out.append({"height": height, "width": width, "cut": cut, "size": size, "pixels": base64.b64encode(pixels.tobytes()).decode()})
with open("crop.json", "w") as f:
    f.write("[" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in out) + "]\n")

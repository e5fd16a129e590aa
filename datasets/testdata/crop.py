"""Reference values of Crop in crop.json: torchvision's CenterCrop and Resize as they are on PIL's images.

    pip install pillow numpy   # the file was made with pillow 13.0.0, numpy 2.4.6
    python crop.py
"""
import json

import numpy as np
from PIL import Image


def picture(height, width):
    """The test's picture, by a formula."""
    i = np.arange(height * width * 3, dtype=np.uint32)
    return ((i * i * 7 + i * 31) % 251).astype(np.uint8).reshape(height, width, 3)


out = []
for height, width, cut, size in [(30, 23, 20, 9), (23, 30, 0, 8), (9, 8, 0, 20), (11, 14, 7, 7)]:
    side = cut or min(height, width)
    top, left = round((height - side) / 2), round((width - side) / 2)
    image = Image.fromarray(picture(height, width)).crop((left, top, left + side, top + side))
    if size != side:
        image = image.resize((size, size), Image.Resampling.BILINEAR)
    out.append({"height": height, "width": width, "cut": cut, "size": size, "pixels": np.asarray(image).reshape(-1).tolist()})
with open("crop.json", "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")

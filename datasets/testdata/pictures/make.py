"""Small pictures in the formats that ReadImageFolder takes, and in pictures.json what PIL makes of them: convert("RGB"), as torchvision's ImageFolder does.
The Go test names those that we refuse.

    pip install pillow numpy   # the files were made with pillow 13.0.0, numpy 2.4.6
    python make.py
"""
import base64
import json
import struct
import zlib

import numpy as np
from PIL import Image

H, W = 11, 14
i, j = np.mgrid[0:H, 0:W]
rgb = np.stack([20 * i + 3 * j, 255 - 17 * j, (i * j * 7) % 256], -1).astype(np.uint8)
rgb[3:7, 4:9] = [250, 3, 9]  # edges, which interpolated colours show
alpha = ((i * 40 + j * 11) % 256).astype(np.uint8)
alpha[:2] = 0
colour = Image.fromarray(rgb)
clear = Image.fromarray(np.dstack([rgb, alpha]))
grey = Image.fromarray(rgb[..., 0])
deep = Image.fromarray((rgb[..., 0].astype(np.uint16) * 257 - 77 * (rgb[..., 0] > 100)).astype(np.uint16))  # 16 bits
palette = colour.quantize(16)
palette_clear = palette.copy()
palette_clear.info["transparency"] = 3


def planes(name):
    """A TIFF file with one plane after the other."""
    tags = [(256, 3, 1, W), (257, 3, 1, H), (258, 3, 3, 200), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 3, 210), (277, 3, 1, 3), (278, 3, 1, H), (279, 4, 3, 230), (284, 3, 1, 2)]
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(struct.pack("<HHII", *t) for t in tags) + b"\0" * 4
    head = head.ljust(200, b"\0") + struct.pack("<3H", 8, 8, 8)
    head = head.ljust(210, b"\0") + struct.pack("<3I", 256, 256 + W * H, 256 + 2 * W * H)
    head = head.ljust(230, b"\0") + struct.pack("<3I", W * H, W * H, W * H)
    with open(name, "wb") as f:
        f.write(head.ljust(256, b"\0") + rgb.transpose(2, 0, 1).tobytes())


def png16(name, pixels):
    """A PNG with 16 bits, which PIL does not write in colour."""
    kind = {1: 0, 3: 2, 4: 6}[pixels.shape[2]]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    chunk = lambda t, d: struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))
    with open(name, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", W, H, 16, kind, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


turned = Image.Exif()
turned[0x0112] = 6
two = {"save_all": True, "append_images": [colour.rotate(180)]}
colour.save("rgb.png")
clear.save("alpha.png")
grey.save("grey.png")
colour.convert("1").save("bits.png")
clear.convert("LA").save("grey_alpha.png")
palette.save("palette.png")
palette_clear.save("palette_clear.png")
colour.save("turned.png", exif=turned)
png16("deep.png", np.dstack([rgb, alpha]).astype(np.uint16) * 257 - 5 * (np.dstack([rgb, alpha]) > 9))
deep.save("deep_grey.png")

colour.save("rgb.bmp")
clear.save("alpha.bmp")
grey.save("grey.bmp")
palette.save("palette.bmp")
colour.convert("1").save("bits.bmp")

colour.save("rgb.tif")
colour.save("lzw.tiff", compression="tiff_lzw")
colour.save("deflate.tif", compression="tiff_adobe_deflate")
colour.save("packbits.tif", compression="packbits")
colour.save("jpeg.tif", compression="jpeg")
clear.save("alpha.tif")
grey.save("grey.tif")
deep.save("deep_grey.tif")
palette.save("palette.tif")
colour.convert("1").save("bits.tif")
colour.convert("CMYK").save("cmyk.tif")
colour.save("turned.tif", tiffinfo={0x0112: 6})
colour.save("two.tif", **two)
Image.fromarray(rgb[..., 0].astype(np.float32)).save("float.tif")
planes("planar.tif")

colour.save("lossy.webp", quality=80)
clear.save("lossy_alpha.webp", quality=80)
Image.fromarray(rgb[:, :13]).save("odd.webp", quality=95)
colour.save("lossless.webp", lossless=True)
clear.save("lossless_alpha.webp", lossless=True, exact=True)
colour.save("turned.webp", quality=80, exif=turned)
colour.save("moving.webp", **two)

colour.save("rgb.jpg", quality=95, subsampling=0)
grey.save("grey.jpg", quality=95)
colour.save("turned.jpeg", quality=95, subsampling=0, exif=turned)

colour.save("rgb.ppm")
grey.save("grey.pgm")
deep.save("deep_grey.pgm")
with open("plain.pgm", "w") as f:
    f.write("P2 # plain\n%d %d # size\n200\n" % (W, H) + "\n".join(" ".join(str(min(v, 200)) for v in row) for row in rgb[..., 0].tolist()) + "\n")
with open("plain.ppm", "w") as f:
    f.write("P3\n%d %d\n255\n" % (W, H) + "\n".join(" ".join(map(str, row)) for row in rgb.reshape(H, -1).tolist()) + "\n")
with open("levels.pgm", "wb") as f:
    f.write(b"P5\n%d %d\n15\n" % (W, H) + (rgb[..., 0] // 16).tobytes())

if __name__ == "__main__":
    import glob
    out = {}
    for name in sorted(glob.glob("*.*")):
        if name.endswith((".py", ".json")):
            continue
        m = Image.open(name)
        out[name] = {"mode": m.mode}
        m = m.convert("RGB")
        out[name] |= {"width": m.width, "height": m.height, "pixels": base64.b64encode(m.tobytes()).decode()}
    with open("pictures.json", "w") as f:
        f.write("{" + ",\n".join(json.dumps(k) + ": " + json.dumps(v, separators=(",", ":")) for k, v in out.items()) + "}\n")

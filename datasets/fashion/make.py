"""Cuts the sample of Fashion-MNIST out of the data set's own files: python3 make.py FOLDER, with the four .gz files in FOLDER.

The first 1,500 training and the first 500 test images with their labels, in the IDX format of the originals, compressed by gzip at level 9 without a time.
Python 3.11; nothing else is needed.
"""
import gzip
import struct
import sys

for name, n in (("train", 1500), ("t10k", 500)):
    for kind, size, rank in (("images-idx3", 28 * 28, 3), ("labels-idx1", 1, 1)):
        with gzip.open(f"{sys.argv[1]}/{name}-{kind}-ubyte.gz") as f:
            data = f.read()
        shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
        head = data[:4] + struct.pack(f">{rank}I", n, *shape[1:])
        with open(f"{name}-{kind}-ubyte.gz", "wb") as f:
            f.write(gzip.compress(head + data[4 + 4 * rank :][: n * size], 9, mtime=0))

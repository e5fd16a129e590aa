"""Measures the limits that the comment of Astray states: the share of uniform points on a torus that are among the k
nearest neighbours of no other. Needs numpy and scipy.

    python astray.py
"""
import numpy as np
from scipy.spatial import cKDTree

rng = np.random.default_rng(0)
for dim, rounds in ((1, 10), (2, 10), (3, 5)):
    for k in (1, 5):
        n, zero = 400_000, 0
        for _ in range(rounds):
            x = rng.random((n, dim))
            _, neighbours = cKDTree(x, boxsize=1.0).query(x, k=k + 1)
            zero += n - len(np.unique(neighbours[:, 1:]))  # column 0 is the point itself
        share = zero / (rounds * n)
        print(f"dim {dim}, k {k}: {share:.5f} +- {np.sqrt(share / (rounds * n)):.5f}")

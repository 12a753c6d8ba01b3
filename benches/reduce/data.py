"""Made embeddings with known structure: clusters of few dimensions, filaments between them, a few outliers."""

import gzip
from pathlib import Path

import numpy as np

CLUSTERS, FILAMENTS, SEMANTIC = 32, 16, 10
CHUNK = 100_000


def made(n, dim, seed):
    """n x dim float32. The same seed of the world gives the same structure for any n; parts differ by chunk."""
    world = np.random.default_rng([seed, dim])
    basis = np.linalg.qr(world.standard_normal((dim, SEMANTIC)))[0]
    centres = (6.0 * world.standard_normal((CLUSTERS, SEMANTIC))) @ basis.T
    frames = [np.linalg.qr(world.standard_normal((dim, 8)))[0] * world.uniform(0.5, 2.0, 8) for _ in centres]
    shares = world.dirichlet(np.full(CLUSTERS, 1.0))
    ends = world.integers(0, CLUSTERS, (FILAMENTS, 2))
    bends = world.standard_normal((FILAMENTS, dim)) * 0.6
    out = np.empty((n, dim), np.float32)
    for first in range(0, n, CHUNK):
        part = out[first : first + CHUNK]
        rng = np.random.default_rng([seed, first])
        count = len(part)
        own = rng.choice(CLUSTERS, count, p=shares)
        inside = rng.standard_normal((count, 8))
        for c in range(CLUSTERS):
            part[own == c] = centres[c] + inside[own == c] @ frames[c].T
        along = rng.random(count) < 0.35
        which, t = rng.integers(0, FILAMENTS, count), rng.random((count, 1))
        curve = centres[ends[which, 0]] * (1 - t) + centres[ends[which, 1]] * t + np.sin(np.pi * t) * bends[which] * 5
        part[along] = curve[along]
        part += 0.05 * rng.standard_normal((count, dim))
        far = rng.random(count) < 0.001
        part[far] = rng.uniform(-15, 15, (far.sum(), dim))
    return out


def fashion_mnist(folder):
    """70,000 x 784 float32 in 0..1, from the four files of Fashion-MNIST (Xiao et al. 2017, arXiv:1708.07747)."""
    parts = []
    for name in ("train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"):
        with gzip.open(Path(folder) / name) as file:
            parts.append(np.frombuffer(file.read()[16:], np.uint8).reshape(-1, 784))
    return (np.concatenate(parts) / 255).astype(np.float32)

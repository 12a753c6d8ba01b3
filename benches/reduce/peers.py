"""One piece of work by a peer, in a process of its own: `python peers.py WORK VECTORS.npy OUT [NEW.npy]`."""

import sys

import numpy as np


def umap(x, out, new=None):
    from umap import UMAP

    fit = UMAP(n_neighbors=15, init="pca", random_state=None, n_jobs=-1).fit(x)
    np.save(out, fit.embedding_.astype(np.float32))
    if new is not None:
        np.save(out.replace(".npy", "_new.npy"), fit.transform(np.load(new)).astype(np.float32))


def densmap(x, out):
    from umap import UMAP

    np.save(out, UMAP(densmap=True, init="pca", random_state=None, n_jobs=-1).fit_transform(x).astype(np.float32))


def spectral(x, out):
    from umap import UMAP

    np.save(out, UMAP(init="spectral", random_state=None, n_jobs=-1).fit_transform(x).astype(np.float32))


def knn(x, out):
    from pynndescent import NNDescent

    np.save(out, NNDescent(x, n_neighbors=16).neighbor_graph[0][:, 1:])


def pca(x, out):
    from sklearn.decomposition import PCA

    np.save(out, PCA(2, svd_solver="covariance_eigh").fit_transform(x))


def nothing(x, out):
    np.save(out, x[:1])


if __name__ == "__main__":
    work, vectors, out, *new = sys.argv[1:]
    globals()[work](np.load(vectors), out, *new)

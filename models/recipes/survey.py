"""The synthetic survey as arrays, prepared exactly as the program prepares pictures for a model."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from astropy.io import fits


def load(folder):
    """Catalogue (a pyarrow table) and pictures, n x 3 x 64 x 64 float32, of `latentarium demo --out FOLDER`."""
    folder = Path(folder)
    catalog = pq.read_table(folder / "catalog.parquet")
    cache = folder / "pictures.npy"
    if cache.exists():
        return catalog, np.load(cache)
    pictures = []
    for chunk in sorted((folder / "cutouts").glob("chunk-*.fits")):
        with fits.open(chunk, memmap=False) as hdus:
            pictures += [np.asarray(hdu.data, dtype=np.float32) for hdu in hdus[1:]]
    pictures = np.stack(pictures)
    np.save(cache, pictures)
    return catalog, pictures


def asinh(pictures, scale, divide_by):
    """`asinh scale=S divide_by=D sky=border joint=true`: sky level and noise from the frame of all bands together."""
    side = pictures.shape[-1]
    edge = max(1, side // 10)
    frame = np.ones((side, side), dtype=bool)
    frame[edge:-edge, edge:-edge] = False
    sky = pictures[:, :, frame].reshape(len(pictures), -1)
    median = np.median(sky, axis=1)
    sigma = 1.4826 * np.median(np.abs(sky - median[:, None]), axis=1)
    scaled = (pictures - median[:, None, None, None]) / (scale * sigma[:, None, None, None])
    return (np.arcsinh(scaled) / divide_by).astype(np.float32)

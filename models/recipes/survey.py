"""The synthetic survey as arrays, prepared exactly as the program prepares inputs for a model."""

import argparse
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from astropy.io import fits

BANDS = ["F200W", "F277W", "F356W"]
SIZE, PIXEL_SCALE_ARCSEC = 64, 0.03
RARE = ["merger", "ring", "lensed_arc", "compact_red", "artefact"]
PARAMETERS = ["log_r_e", "n", "b_a", "mag_f356w", "z"]


def arguments(doc, epochs=None):
    """The command line that all recipes share: train and test survey, folder to write into, epochs, threads."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("train", help="folder of `latentarium demo --galaxies 8000 --seed 1001`")
    parser.add_argument("test", help="folder of `latentarium demo --galaxies 2000 --seed 2002`")
    parser.add_argument("out", help="folder for the model, its card and golden/")
    if epochs:
        parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--threads", type=int, default=2)
    parsed = parser.parse_args()
    torch.set_num_threads(parsed.threads)
    return parsed


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


def column(catalog, name):
    """A numeric column as float64; `log_r_e` is the decimal logarithm of `r_e`."""
    if name == "log_r_e":
        return np.log10(column(catalog, "r_e"))
    return np.asarray(catalog[name], dtype=np.float64)


def columns(catalog, names):
    """Columns side by side, n x len(names) float32."""
    return np.stack([column(catalog, name) for name in names], axis=1).astype(np.float32)


def sky(pictures):
    """Median and robust sigma of the frame, of all bands of a picture together; each n x 1 x 1 x 1."""
    side = pictures.shape[-1]
    edge = max(1, side // 10)
    frame = np.ones((side, side), dtype=bool)
    frame[edge:-edge, edge:-edge] = False
    values = pictures[:, :, frame].reshape(len(pictures), -1)
    median = np.median(values, axis=1)
    sigma = 1.4826 * np.median(np.abs(values - median[:, None]), axis=1)
    return median[:, None, None, None], sigma[:, None, None, None]


def asinh(pictures, scale, divide_by, statistics=None):
    """`asinh scale=S divide_by=D sky=border joint=true`; the statistics are the pictures' own unless given."""
    median, sigma = statistics or sky(pictures)
    return (np.arcsinh((pictures - median) / (scale * sigma)) / divide_by).astype(np.float32)


def prepare(card, catalog, pictures):
    """What the model of a card is given: prepared pictures, or normalised columns of the catalogue."""
    wanted, normalisation = card["input"], card["input"]["normalisation"]
    if wanted["modality"] == "sed":
        mean, std = [np.asarray(normalisation[key], dtype=np.float32) for key in ("mean", "std")]
        return (columns(catalog, wanted["columns"]) - mean) / std
    bands = pictures[:, [BANDS.index(band) for band in wanted["bands"]]]
    return asinh(bands, normalisation["scale"], normalisation["divide_by"])

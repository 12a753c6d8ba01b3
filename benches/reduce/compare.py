"""Reductions beside those of the peers: CPU seconds, memory and faithfulness of both, in one run.

    python3 benches/reduce/compare.py [--program FILE] [--judge SCRIPT] [WORK ...]

Makes a virtual environment with the peers (requirements.txt) and data with fixed seeds in a folder of the cache, then
runs both sides in turns, each in a process of its own with two threads, and prints what the system says they took.
Faithfulness is judged for both by `latentarium quality` (1500 vectors asked), and by another judge where one is named
(called with VECTORS.npy MAP.npy --queries 1500). WORK: fmnist, umap, densmap, spectral,
million, knn, pca, pca-large, transform.

Fashion-MNIST comes from the Debian package dataset-fashion-mnist, whose folder is /usr/share/datasets/fashion-mnist.
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import process

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "latentarium" / "peers"
PYTHON = CACHE / "venv" / "bin" / "python"
THREADS = {"RAYON_NUM_THREADS": "2", "NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
taken = partial(process.taken, environment=THREADS)


def environment():
    """The peers, once; the rest of the script runs in their environment."""
    if not PYTHON.exists():
        venv.create(CACHE / "venv", with_pip=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
    if Path(sys.prefix) != CACHE / "venv":
        os.execv(PYTHON, [PYTHON, __file__, *sys.argv[1:]])


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.program = arguments.program
        self.folder = CACHE / "data"
        self.folder.mkdir(parents=True, exist_ok=True)
        print(f"{'work':28} {'latentarium':>22} {'peer':>22} {'ratio':>6}")

    def vectors(self, n, dim, seed=1):
        import numpy as np
        from data import made

        path = self.folder / f"made-{n}-{dim}-{seed}.npy"
        if not path.exists():
            np.save(path, made(n, dim, seed))
        return path

    def ours(self, *command):
        return taken([self.program, *command, "--force"])

    def peer(self, work, vectors, *more):
        return taken([PYTHON, HERE / "peers.py", work, vectors, self.folder / "peer.npy", *more])

    def show(self, work, ours, peer, must):
        a, b = [f"{cpu:.2f} CPU-s {memory:.0f} MB" for cpu, memory, *_ in (ours, peer)]
        print(f"{work:28} {a:>22} {b:>22} {ours[0] / peer[0]:6.2f}   must: {must}", flush=True)

    def coordinates(self, parquet):
        """A map of ours as an array, and a map of a peer's as a file that `quality` reads."""
        import numpy as np
        import pyarrow.parquet as pq

        table = pq.read_table(parquet)
        np.save(self.folder / "ours.npy", np.c_[table["x"], table["y"]].astype(np.float32))
        return self.folder / "ours.npy"

    def judge(self, vectors, coordinates, name):
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet as pq

        y = np.load(coordinates)
        table = pa.table({"id": np.arange(len(y)), "x": y[:, 0], "y": y[:, 1]})
        pq.write_table(table.replace_schema_metadata({"latentarium.kind": "projection"}), self.folder / "judged.parquet")
        text = taken([self.program, "quality", vectors, self.folder / "judged.parquet", "--json"])[2]
        told = json.loads(text)
        line = ", ".join(f"{key} {told[key]:.4f}" for key in ("trustworthiness", "continuity", "spearman", "density"))
        print(f"    {name:11} {line}", flush=True)
        if self.arguments.judge:
            command = [PYTHON, self.arguments.judge, vectors, coordinates, "--queries", "1500"]
            print(f"    {name:11} {taken(command)[2].strip()}", flush=True)

    def umap(self, name, vectors, must, peer="umap", more=()):
        out = self.folder / "ours.parquet"
        ours = self.ours("reduce", vectors, "--method", "umap", *more, "--out", out)
        if not peer:
            print(f"{name:28} {ours[0]:.2f} CPU-s {ours[1]:.0f} MB   must: {must}", flush=True)
        else:
            self.peer("nothing", vectors)
            self.show(name, ours, self.peer(peer, vectors), must)
            self.judge(vectors, self.folder / "peer.npy", "umap-learn")
        self.judge(vectors, self.coordinates(out), "latentarium")

    def fmnist(self):
        import numpy as np
        from data import fashion_mnist

        path = self.folder / "fashion-mnist.npy"
        if not path.exists():
            np.save(path, fashion_mnist(self.arguments.fashion_mnist))
        self.umap("UMAP Fashion-MNIST", path, "<= 0.30, trust >= -0.001, continuity >= -0.002, Spearman >=")

    def umap_250k(self):
        self.umap("UMAP 250k x 128", self.vectors(250_000, 128), "<= 0.25, trust >= -0.001, memory <= 0.5")

    def densmap(self):
        self.umap("densMAP 30k x 128", self.vectors(30_000, 128), "density, trust >=", "densmap", ["--densmap"])

    def spectral(self):
        more = ["--start", "spectral"]
        self.umap("UMAP 30k x 128, spectral", self.vectors(30_000, 128), "trust >= -0.001", "spectral", more)

    def million(self):
        self.umap("UMAP 1M x 128", self.vectors(1_000_000, 128), "<= 180 CPU-s, <= 1280 MB", peer=None)

    def knn(self):
        vectors = self.vectors(250_000, 128)
        ours = self.ours("knn", vectors, "-k", "15", "--json", "--out", self.folder / "graph.parquet")
        self.show("kNN 250k x 128, k 15", ours, self.peer("knn", vectors), "<= 10 CPU-s, recall >= 0.99")
        told = json.loads(ours[2])
        print(f"    recall of latentarium {told['recall']:.4f} (checking it is part of the command)")

    def beyond_reading(self, vectors, must, name):
        """What is left of a PCA after a process that only reads the vectors, on both sides."""
        read = [self.program, "info", vectors, "--json"]
        taken(read)  # from here on the file lies in the system's cache
        reading = taken(read)
        ours = self.ours("reduce", vectors, "--method", "pca", "--out", self.folder / "ours.parquet")
        peer_reading, peer = self.peer("nothing", vectors), self.peer("pca", vectors)
        less = [(a[0] - b[0], a[1] - b[1]) for a, b in ((ours, reading), (peer, peer_reading))]
        self.show(f"{name}, beyond reading", *less, must)

    def pca(self):
        self.beyond_reading(self.vectors(250_000, 128), "<= 0.4 CPU-s, + 20 MB", "PCA 250k x 128")

    def pca_large(self):
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.folder / "made-1000000-512.parquet"
        if not path.exists():
            writer = None
            for seed in range(10):
                values = pa.array(np.load(self.vectors(100_000, 512, seed + 1)).ravel())
                part = pa.table({"embedding": pa.FixedSizeListArray.from_arrays(values, 512)})
                writer = writer or pq.ParquetWriter(path, part.schema, compression="none")
                writer.write_table(part)
            writer.close()
        ours = self.ours("reduce", path, "--method", "pca", "--out", self.folder / "ours.parquet")
        print(f"PCA 1M x 512 from Parquet    {ours[0]:.2f} CPU-s {ours[1]:.0f} MB   must: <= 12 beyond reading, 300 MB")

    def transform(self):
        import numpy as np

        whole = np.load(self.vectors(350_000, 128))
        first, new = self.folder / "first.npy", self.folder / "new.npy"
        np.save(first, whole[:250_000]), np.save(new, whole[250_000:])
        model, out = self.folder / "map.safetensors", self.folder / "ours.parquet"
        self.ours("reduce", first, "--method", "umap", "--out", out, "--model-out", model)
        ours = self.ours("reduce", new, "--model", model, "--out", out)
        fitted, both = self.peer("umap", first), self.peer("umap", first, new)
        self.show("transform 100k into 250k", ours, (both[0] - fitted[0], both[1]), "<= 0.25, trust >=")
        self.judge(new, self.folder / "peer_new.npy", "umap-learn")
        self.judge(new, self.coordinates(out), "latentarium")


WORK = {
    "pca": Bench.pca,
    "knn": Bench.knn,
    "umap": Bench.umap_250k,
    "densmap": Bench.densmap,
    "spectral": Bench.spectral,
    "transform": Bench.transform,
    "fmnist": Bench.fmnist,
    "pca-large": Bench.pca_large,
    "million": Bench.million,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", nargs="*", choices=WORK, metavar="WORK", default=["pca", "knn", "umap", "transform"])
    parser.add_argument("--program", default="latentarium", help="the program, built for release")
    parser.add_argument("--fashion-mnist", default="/usr/share/datasets/fashion-mnist", help="folder of its files")
    parser.add_argument("--judge", help="a script that judges VECTORS.npy MAP.npy --queries N")
    arguments = parser.parse_args()
    bench = Bench(arguments)
    for work in arguments.work:
        WORK[work](bench)


if __name__ == "__main__":
    environment()
    main()

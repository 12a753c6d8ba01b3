"""Encoding beside Python's onnxruntime: images per core-second and memory of both, in one run.

    pip install -r benches/encode/requirements.txt
    python3 benches/encode/compare.py FOLDER [--program FILE] [--threads 2] [--batches 16 64 256] [--rounds 3]

Makes 20,000 FITS cutouts (64 x 64 x 3, float32, a file each) in FOLDER unless they are there. Then runs in turns
`latentarium embed` as it is, on ONNX Runtime and on the compiled-in engine, and onnxruntime in Python on the same model
with prepared tensors that lie in memory already. All have the same cores and number of threads.

Ours is charged with everything: starting, opening the folder, reading, preparing, encoding, writing. Python is charged
with `session.run` alone, without starting, loading or making tensors, and threads that wait do not spin. Rounds are summed
up by their medians, the figure of a side is that of its best batch.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import process

MODEL = HERE.parent.parent / "models" / "simclr.toml"
IMAGES, SIDE, BANDS = 20_000, 64, 3
# By default the faster engine is chosen, and the choice remembered: the first run that is timed may measure it.
OURS = {"latentarium": "auto", "latentarium, ONNX Runtime": "cpu", "latentarium, compiled in": "tract"}
PYTHON = "Python onnxruntime"
MUST = {"auto": 0.9, "tract": 0.5}
LARGEST_MB = 1024
# Tensors that Python is given again and again: 200 MB, far more than any cache.
IN_MEMORY = 4096


def cutouts(folder):
    """The folder of cutouts, made once: a round galaxy in noise, in each of the bands."""
    pictures = folder / f"cutouts-{IMAGES}"
    if pictures.exists():
        return pictures
    cards = ["SIMPLE  =                    T", "BITPIX  =                  -32", "NAXIS   =                    3"]
    cards += [f"NAXIS{axis + 1}  = {length:20d}" for axis, length in enumerate((SIDE, SIDE, BANDS))]
    header = "".join(card.ljust(80) for card in [*cards, "END"]).ljust(2880).encode()
    making = folder / "making"
    making.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    for index in range(IMAGES):
        flux, size = 10 ** rng.uniform(0, 2), rng.uniform(2, 8)
        galaxy = flux * np.exp(-np.hypot(x, y) / size)
        pixels = galaxy + rng.standard_normal((BANDS, SIDE, SIDE), np.float32)
        data = pixels.astype(">f4").tobytes()
        (making / f"{index:05d}.fits").write_bytes(header + data + bytes(-len(data) % 2880))
    making.rename(pictures)
    return pictures


def run_python(model, threads, batch):
    """Prints the CPU seconds of `session.run` over as many tensors as there are cutouts."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    tensors = np.random.default_rng(2).standard_normal((IN_MEMORY, BANDS, SIDE, SIDE), np.float32)
    session.run(None, {name: tensors[:batch]})
    before, done = time.process_time(), 0
    while done < IMAGES:
        first = done % (IN_MEMORY // batch * batch)
        count = min(batch, IMAGES - done)
        session.run(None, {name: tensors[first : first + count]})
        done += count
    print(time.process_time() - before)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="for the cutouts, 1.1 GB, and results")
    parser.add_argument("--program", default="latentarium", help="the program, built for release")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 64, 256])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python-batch", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.python_batch:
        return run_python(MODEL.with_suffix(".onnx"), arguments.threads, arguments.python_batch)

    pictures, out = cutouts(arguments.folder), arguments.folder / "vectors.parquet"
    cores = sorted(os.sched_getaffinity(0))[: arguments.threads]
    if len(cores) < arguments.threads:
        sys.exit(f"only {len(cores)} cores are at hand; pass --threads {len(cores)}")

    def ours(device, batch):
        command = [arguments.program, "embed", pictures, "--encoder", MODEL, "--device", device, "--batch", str(batch)]
        cpu, memory, told = process.taken([*command, "--out", out, "--force", "--json"], cores=cores)
        if json.loads(told)["encoded"] != IMAGES:
            sys.exit(f"not all pictures were encoded: {told[:400]}")
        return IMAGES / cpu, memory

    def python(batch):
        command = [sys.executable, __file__, arguments.folder, "--threads", str(arguments.threads)]
        _, memory, told = process.taken([*command, "--python-batch", str(batch)], cores=cores)
        return IMAGES / float(told), memory

    sides = {name: lambda batch, device=device: ours(device, batch) for name, device in OURS.items()}
    sides[PYTHON] = python
    print(f"{IMAGES} cutouts, {arguments.threads} threads, medians of {arguments.rounds} rounds")
    print(f"{'batch':>6}  {'side':26} {'images per core-second':>22} {'ratio':>6} {'MB':>6}")
    rates, memories = {}, {}
    for batch in arguments.batches:
        found = {name: [] for name in sides}
        for _ in range(arguments.rounds):
            for name, run in sides.items():
                found[name].append(run(batch))
        for name, runs in found.items():
            rates[name, batch] = statistics.median(rate for rate, _ in runs)
            memories[name, batch] = max(memory for _, memory in runs)
        for name in sides:
            rate, memory = rates[name, batch], memories[name, batch]
            ratio = rate / rates[PYTHON, batch]
            print(f"{batch:6}  {name:26} {rate:22.0f} {ratio:6.2f} {memory:6.0f}", flush=True)
    best = {name: max(rates[name, batch] for batch in arguments.batches) for name in sides}
    for name, device in OURS.items():
        memory = max(memories[name, batch] for batch in arguments.batches)
        ratio = best[name] / best[PYTHON]
        must = f">= {MUST[device]}, " if device in MUST else ""
        print(f"best of {name}: {ratio:.2f} of Python's best, {memory:.0f} MB   must: {must}<= {LARGEST_MB}")


if __name__ == "__main__":
    main()

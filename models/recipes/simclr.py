"""SimCLR (Chen et al. 2020) on the synthetic survey: the encoder that the demo uses.

Two augmented views of one galaxy are positives, all other galaxies of the batch negatives; the loss is NT-Xent,
l(i,j) = -log( exp(s_ij / h) / sum_{k != i} exp(s_ik / h) ), s the cosine similarity, h the temperature. Views differ by
rotation, flip, sub-pixel shift, size, noise and brightness, so vectors do not depend on those.

    latentarium demo --out train --galaxies 8000 --seed 1001
    latentarium demo --out test --galaxies 2000 --seed 2002
    python simclr.py train test ..

Writes simclr.onnx, simclr.toml and golden/ (four pictures and their vectors) into the last folder, and prints its
final metrics.
"""

import argparse
import hashlib
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from torch import nn

import survey

SCALE, DIVIDE_BY = 1.0, 4.0
DIM, WIDTHS = 128, (24, 48, 96, 160)
TEMPERATURE, BATCH, SEED = 0.2, 256, 1


class Block(nn.Module):
    """A residual block that halves the sides."""

    def __init__(self, before, after):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after))
        self.short = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        return F.relu(self.second(self.first(x)) + self.short(x))


class Encoder(nn.Module):
    """n x 3 x 64 x 64 to n x 128."""

    def __init__(self):
        super().__init__()
        stem = [nn.Conv2d(3, WIDTHS[0], 5, 2, 2, bias=False), nn.BatchNorm2d(WIDTHS[0]), nn.ReLU()]
        blocks = [Block(a, b) for a, b in zip(WIDTHS, WIDTHS[1:])]
        self.trunk = nn.Sequential(*stem, *blocks)
        self.head = nn.Linear(2 * WIDTHS[-1], DIM)

    def forward(self, image):
        x = self.trunk(image)
        return self.head(torch.cat([x.mean((2, 3)), x.amax((2, 3))], dim=1))


def views(x, rng):
    """One random view of each picture."""
    n = len(x)
    angle = torch.rand(n, generator=rng) * 2 * np.pi
    zoom = torch.empty(n).uniform_(0.88, 1.12, generator=rng)
    flip = torch.where(torch.rand(n, generator=rng) < 0.5, 1.0, -1.0)
    shift = torch.empty(n, 2).uniform_(-0.06, 0.06, generator=rng)
    c, s = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    matrix = torch.stack([torch.stack([c * flip, -s, shift[:, 0]], 1), torch.stack([s * flip, c, shift[:, 1]], 1)], 1)
    grid = F.affine_grid(matrix, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    gain = torch.empty(n, 1, 1, 1).uniform_(0.85, 1.15, generator=rng)
    noise = torch.rand(n, 1, 1, 1, generator=rng) * 0.12
    return x * gain + noise * torch.randn(x.shape, generator=rng)


def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    similarity = z @ z.T / temperature
    similarity.fill_diagonal_(float("-inf"))
    n = len(a)
    positive = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(similarity, positive)


def train(x, epochs):
    torch.manual_seed(SEED)
    rng = torch.Generator().manual_seed(SEED)
    encoder = Encoder().to(memory_format=torch.channels_last)
    projector = nn.Sequential(nn.Linear(DIM, DIM), nn.ReLU(), nn.Linear(DIM, 64))
    parameters = [*encoder.parameters(), *projector.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=2e-3, weight_decay=1e-4)
    steps = epochs * (len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps, pct_start=0.1)
    encoder.train()
    for epoch in range(epochs):
        started, total = time.time(), 0.0
        order = torch.randperm(len(x), generator=rng)[: len(x) // BATCH * BATCH].view(-1, BATCH)
        for rows in order:
            batch = x[rows]
            both = torch.cat([views(batch, rng), views(batch, rng)]).contiguous(memory_format=torch.channels_last)
            first, second = projector(encoder(both)).chunk(2)
            loss = nt_xent(first, second, TEMPERATURE)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1:3d}/{epochs}  NT-Xent {total / len(order):.4f}  {time.time() - started:.0f} s", flush=True)
    return encoder.eval().to(memory_format=torch.contiguous_format)


def vectors(session, x):
    parts = [session.run(None, {"image": x[i : i + 64]})[0] for i in range(0, len(x), 64)]
    return np.concatenate(parts)


def r2(train_z, train_y, test_z, test_y):
    """Linear probe: ridge regression on standardised vectors, R^2 on the test set."""
    mean, std = train_z.mean(0), train_z.std(0) + 1e-6
    a, b = [np.c_[(z - mean) / std, np.ones(len(z))] for z in (train_z, test_z)]
    weights = np.linalg.solve(a.T @ a + 1.0 * np.eye(a.shape[1]), a.T @ train_y)
    return 1 - ((b @ weights - test_y) ** 2).sum() / ((test_y - test_y.mean()) ** 2).sum()


def pca(train_x, test_x, k):
    mean = train_x.mean(0)
    _, _, v = np.linalg.svd((train_x - mean)[:2000], full_matrices=False)
    return (train_x - mean) @ v[:k].T, (test_x - mean) @ v[:k].T


def rotated_purity(encode, x):
    """Share of galaxies whose nearest neighbour among all galaxies turned by 90 degrees is themselves."""
    a, b = encode(x), encode(np.ascontiguousarray(np.rot90(x, axes=(2, 3))))
    a, b = [z / np.linalg.norm(z, axis=1, keepdims=True) for z in (a - a.mean(0), b - a.mean(0))]
    return float(((a @ b.T).argmax(1) == np.arange(len(a))).mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train"), parser.add_argument("test"), parser.add_argument("out")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    (train_catalog, train_raw), (test_catalog, test_raw) = survey.load(arguments.train), survey.load(arguments.test)
    train_x, test_x = [survey.asinh(raw, SCALE, DIVIDE_BY) for raw in (train_raw, test_raw)]
    encoder = train(torch.from_numpy(train_x), arguments.epochs)

    out = Path(arguments.out)
    model = out / "simclr.onnx"
    example = torch.from_numpy(test_x[:2])
    names = dict(input_names=["image"], output_names=["features"])
    dynamic = {"image": {0: "batch"}, "features": {0: "batch"}}
    torch.onnx.export(encoder, (example,), str(model), opset_version=17, dynamo=False, dynamic_axes=dynamic, **names)
    session = onnxruntime.InferenceSession(str(model))
    with torch.no_grad():
        expected = encoder(torch.from_numpy(test_x[:8])).numpy()
    difference = np.abs(vectors(session, test_x[:8]) - expected).max()
    assert difference <= 1e-4, f"the exported model differs from the trained one by {difference}"
    (out / "golden").mkdir(exist_ok=True)
    np.save(out / "golden" / "simclr_pictures.npy", test_raw[:4].reshape(4, -1))
    np.save(out / "golden" / "simclr_vectors.npy", expected[:4])

    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    (out / "simclr.toml").write_text(CARD.format(sha256=sha256, scale=SCALE, divide_by=DIVIDE_BY, dim=DIM))

    column = lambda catalog, name: np.asarray(catalog[name], dtype=float)
    z_train, z_test = vectors(session, train_x), vectors(session, test_x)
    flat = [x.reshape(len(x), -1) for x in (train_x, test_x)]
    p_train, p_test = pca(*flat, DIM)
    print(f"difference to torch            {difference:.1e}")
    for name in ["r_e", "n", "b_a", "mag_f356w", "z"]:
        y = [column(c, name) for c in (train_catalog, test_catalog)]
        if name == "r_e":
            y = [np.log10(v) for v in y]
        scores = [r2(a, y[0], b, y[1]) for a, b in ((z_train, z_test), (p_train, p_test))]
        print(f"linear probe R2 {name:10s}     simclr {scores[0]:.3f}   pixels+PCA {scores[1]:.3f}")
    turned = rotated_purity(lambda x: vectors(session, x), test_x)
    plain = rotated_purity(lambda x: (x.reshape(len(x), -1) - flat[0].mean(0)), test_x)
    print(f"found again when turned 90 deg simclr {turned:.3f}   pixels {plain:.3f}")


CARD = """\
name = "simclr"
version = "1"
paper = "Chen et al. 2020, arXiv:2002.05709; for galaxies Hayat et al. 2021, arXiv:2012.13083"
licence = "MIT OR Apache-2.0"
training_data = "8,000 synthetic galaxies of `latentarium demo --seed 1001`; no real data"
sha256 = "{sha256}"

[input]
name = "image"
modality = "image"
bands = ["F200W", "F277W", "F356W"]
size = 64
pixel_scale_arcsec = 0.03

[input.normalisation]
method = "asinh"
scale = {scale}
divide_by = {divide_by}
sky = "border"
joint = true

[output]
name = "features"
pooling = "none"
dimension = {dim}
l2_normalised = false
"""

if __name__ == "__main__":
    main()

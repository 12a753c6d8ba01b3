"""The parts that the recipes share: a residual encoder, a decoder, random views, NT-Xent and the training loop."""

import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

SMALL = (16, 32, 64, 128)


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
    """n x bands x 64 x 64 to n x dim: a residual trunk, then mean and maximum over positions."""

    def __init__(self, dim, widths=SMALL, bands=3):
        super().__init__()
        stem = [nn.Conv2d(bands, widths[0], 5, 2, 2, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()]
        blocks = [Block(a, b) for a, b in zip(widths, widths[1:])]
        self.trunk = nn.Sequential(*stem, *blocks)
        self.head = nn.Linear(2 * widths[-1], dim)

    def forward(self, image):
        x = self.trunk(image)
        return self.head(torch.cat([x.mean((2, 3)), x.amax((2, 3))], dim=1))


class Decoder(nn.Module):
    """n x dim to n x 3 x 64 x 64."""

    def __init__(self, dim, widths=(96, 64, 32, 16)):
        super().__init__()
        self.first = nn.Linear(dim, widths[0] * 16)
        steps = []
        for before, after in zip(widths, widths[1:]):
            steps += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.steps = nn.Sequential(*steps, nn.ConvTranspose2d(widths[-1], 3, 4, 2, 1))

    def forward(self, latent):
        return self.steps(F.relu(self.first(latent)).reshape(-1, self.first.out_features // 16, 4, 4))


def views(x, rng, zoom=0.12, shift=0.06, gain=0.15, noise=0.12):
    """One random view of each picture: any rotation and reflection, and up to so much of the rest."""
    n = len(x)
    angle = torch.rand(n, generator=rng) * 2 * np.pi
    zoom = torch.empty(n).uniform_(1 - zoom, 1 + zoom, generator=rng)
    flip = torch.where(torch.rand(n, generator=rng) < 0.5, 1.0, -1.0)
    shift = torch.empty(n, 2).uniform_(-shift, shift, generator=rng)
    c, s = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    matrix = torch.stack([torch.stack([c * flip, -s, shift[:, 0]], 1), torch.stack([s * flip, c, shift[:, 1]], 1)], 1)
    x = resample(x, matrix)
    gain = torch.empty(n, 1, 1, 1).uniform_(1 - gain, 1 + gain, generator=rng)
    noise = torch.rand(n, 1, 1, 1, generator=rng) * noise
    return x * gain + noise * torch.randn(x.shape, generator=rng)


def resample(x, matrix):
    """Pictures under affine maps (n x 2 x 3), bilinear, reflected at the border."""
    grid = F.affine_grid(matrix, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def turned(x, rng):
    """Each picture turned by a random multiple of 90 degrees and perhaps reflected: no pixel is resampled."""
    x = x.clone()
    which = torch.randint(8, (len(x),), generator=rng)
    for k in range(8):
        some = torch.rot90(x[which == k], k % 4, (2, 3))
        x[which == k] = some.flip(3) if k >= 4 else some
    return x


def nt_xent(a, b, temperature):
    """l(i,j) = -log( exp(s_ij / h) / sum_{k != i} exp(s_ik / h) ), s the cosine similarity, h the temperature."""
    z = F.normalize(torch.cat([a, b]), dim=1)
    similarity = z @ z.T / temperature
    similarity.fill_diagonal_(float("-inf"))
    n = len(a)
    positive = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(similarity, positive)


def fit(modules, loss_of, count, epochs, rng, batch=256, rate=2e-3):
    """AdamW under a one-cycle schedule; `loss_of(rows)` is the loss of one batch of the `count` rows.

    Weights are in channels-last order meanwhile, in which convolutions on a CPU are fastest.
    """
    parameters = [parameter for module in modules for parameter in module.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=1e-4)
    steps = epochs * (count // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    for module in modules:
        module.train().to(memory_format=torch.channels_last)
    for epoch in range(epochs):
        started, total = time.time(), 0.0
        order = torch.randperm(count, generator=rng)[: count // batch * batch].view(-1, batch)
        for rows in order:
            loss = loss_of(rows)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        seconds = time.time() - started
        print(f"epoch {epoch + 1:3d}/{epochs}  loss {total / len(order):.4f}  {seconds:.0f} s", flush=True)
    for module in modules:
        module.eval().to(memory_format=torch.contiguous_format)

"""SimCLR (Chen et al. 2020, arXiv:2002.05709) on the synthetic survey: the encoder that the demo uses.

Two augmented views of one galaxy are positives, all other galaxies of the batch negatives; the loss is NT-Xent.
Views differ by rotation, reflection, sub-pixel shift, size, noise and brightness, so vectors do not depend on those.

Ten of the 128 axes of the trained vectors hold 98 % of their variance, brightness and size above all, and rare shapes
drown in it. So the last, linear layer is multiplied by (C + f I)^(-1/2), C the covariance of the training vectors and
f 3 % of its largest eigenvalue: white where there is signal. Linear probes do not notice, neighbours do.

    latentarium demo --out train --galaxies 8000 --seed 1001
    latentarium demo --out test --galaxies 2000 --seed 2002
    python simclr.py train test ..

Writes simclr.onnx, simclr.toml and golden/ (four pictures and their vectors) into the last folder, and prints its
figures.
"""

import torch
from torch import nn

import measure
import networks
import release
import survey

PAPER = "Chen et al. 2020, arXiv:2002.05709; for galaxies Hayat et al. 2021, arXiv:2012.13083"
DIM, WIDTHS = 128, (24, 48, 96, 160)
TEMPERATURE, FLOOR, SEED = 0.2, 0.03, 1


def train_encoder(x, epochs):
    torch.manual_seed(SEED)
    rng = torch.Generator().manual_seed(SEED)
    encoder = networks.Encoder(DIM, WIDTHS)
    projector = nn.Sequential(nn.Linear(DIM, DIM), nn.ReLU(), nn.Linear(DIM, 64))

    def loss(rows):
        both = torch.cat([networks.views(x[rows], rng), networks.views(x[rows], rng)])
        return networks.nt_xent(*projector(encoder(both)).chunk(2), TEMPERATURE)

    networks.fit([encoder, projector], loss, len(x), epochs, rng)
    return encoder


def whiten(encoder, x):
    """Turns the encoder's last layer to principal axes, and divides each by its floored standard deviation."""
    with torch.no_grad():
        z = torch.cat([encoder(part) for part in x.split(250)]).double()
        mean = z.mean(0)
        variance, axes = torch.linalg.eigh((z - mean).T @ (z - mean) / (len(z) - 1))
        change = (axes / (variance + FLOOR * variance.max()).sqrt()).T
        weight, bias = encoder.head.weight.double(), encoder.head.bias.double()
        encoder.head.weight.copy_(change @ weight)
        encoder.head.bias.copy_(change @ (bias - mean))
    return encoder


def main():
    arguments = survey.arguments(__doc__, epochs=24)
    train, test = survey.load(arguments.train), survey.load(arguments.test)
    card = release.card("simclr", PAPER, release.image_input(), DIM)
    card["version"] = "2"
    x = torch.from_numpy(survey.prepare(card, *train))
    encoder = whiten(train_encoder(x, arguments.epochs), x)
    release.release(encoder, card, test, arguments.out)
    print(measure.heading(), measure.row("simclr", arguments.out, train, test), sep="\n")


if __name__ == "__main__":
    main()

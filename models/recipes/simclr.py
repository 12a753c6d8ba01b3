"""SimCLR (Chen et al. 2020, arXiv:2002.05709) on the synthetic survey: the encoder that the demo uses.

Two augmented views of one galaxy are positives, all other galaxies of the batch negatives; the loss is NT-Xent.
Views differ by rotation, reflection, sub-pixel shift, size, noise and brightness, so vectors do not depend on those.
What is left varies most in few directions, brightness above all. So the vectors are half whitened in the end: along each
principal axis of the training survey they are divided by the fourth root of its variance, which leaves their order and
brings rare shapes out. It is a linear map and goes into the weights of the last layer.

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
TEMPERATURE, SEED = 0.2, 1


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


def half_whiten(encoder, x):
    """Divides the vectors, about their mean over `x`, by the fourth root of their variance along each principal axis."""
    with torch.no_grad():
        z = torch.cat([encoder(part) for part in x.split(256)]).double()
        variances, axes = torch.linalg.eigh(torch.cov(z.T))
        matrix = axes * variances.clamp_min(variances.max() * 1e-6) ** -0.25 @ axes.T
        encoder.head.bias.copy_(matrix @ (encoder.head.bias.double() - z.mean(0)))
        encoder.head.weight.copy_(matrix @ encoder.head.weight.double())
    return encoder


def main():
    arguments = survey.arguments(__doc__, epochs=24)
    train, test = survey.load(arguments.train), survey.load(arguments.test)
    card = {**release.card("simclr", PAPER, release.image_input(), DIM), "version": "2"}
    x = torch.from_numpy(survey.prepare(card, *train))
    encoder = half_whiten(train_encoder(x, arguments.epochs), x)
    release.release(encoder, card, test, arguments.out)
    print(measure.heading(), measure.row("simclr", arguments.out, train, test), sep="\n")


if __name__ == "__main__":
    main()

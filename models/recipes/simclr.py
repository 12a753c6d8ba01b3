"""SimCLR (Chen et al. 2020, arXiv:2002.05709) on the synthetic survey: the encoder that the demo uses.

Two augmented views of one galaxy are positives, all other galaxies of the batch negatives; the loss is NT-Xent.
Views differ by rotation, reflection, sub-pixel shift, size, noise and brightness, so vectors do not depend on those.

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


def main():
    arguments = survey.arguments(__doc__, epochs=24)
    train, test = survey.load(arguments.train), survey.load(arguments.test)
    card = release.card("simclr", PAPER, release.image_input(), DIM)
    x = torch.from_numpy(survey.prepare(card, *train))
    encoder = train_encoder(x, arguments.epochs)
    release.release(encoder, card, test, arguments.out)
    print(measure.heading(), measure.row("simclr", arguments.out, train, test), sep="\n")


if __name__ == "__main__":
    main()

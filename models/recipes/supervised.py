"""A supervised network: it regresses physical parameters, and the layer before the head is the embedding.

"Any supervised network obtains a non-linear representation": here sizes, Sersic indices, axis ratios, magnitudes,
redshifts and masses from pictures (after Dieleman et al. 2015, arXiv:1503.07077). The loss is the Huber loss of the
standardised parameters; the head returns them in their own units.

    python supervised.py train test ..
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import measure
import networks
import release
import survey

PAPER = "after Dieleman et al. 2015, arXiv:1503.07077"
COLUMNS = [*survey.PARAMETERS, "log_mass"]
DIM, SEED = 64, 5


class Regression(nn.Module):
    """Picture to embedding and parameters."""

    def __init__(self, mean, std):
        super().__init__()
        self.encoder = networks.Encoder(DIM)
        self.head = nn.Linear(DIM, len(mean))
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, image):
        features = F.relu(self.encoder(image))
        return features, self.head(features) * self.std + self.mean


def train_network(x, y, epochs):
    torch.manual_seed(SEED)
    rng = torch.Generator().manual_seed(SEED)
    network = Regression(y.mean(0), y.std(0))

    def loss(rows):
        _, found = network(networks.turned(x[rows], rng))
        return F.huber_loss((found - y[rows]) / network.std, torch.zeros_like(found))

    networks.fit([network], loss, len(x), epochs, rng, batch=128)
    return network


def main():
    arguments = survey.arguments(__doc__, epochs=16)
    train, test = survey.load(arguments.train), survey.load(arguments.test)
    card = release.card("supervised", PAPER, release.image_input(), DIM)
    card["heads"] = [{"name": "parameters", "tensor": "parameters", "activation": "none", "columns": COLUMNS}]
    train_x, test_x = [torch.from_numpy(survey.prepare(card, *half)) for half in (train, test)]
    network = train_network(train_x, torch.from_numpy(survey.columns(train[0], COLUMNS)), arguments.epochs)
    release.release(network, card, test, arguments.out, further=["parameters"])
    with torch.no_grad():
        found = torch.cat([network(part)[1] for part in test_x.split(250)]).numpy()
    truth = survey.columns(test[0], COLUMNS)
    for name, error, spread in zip(COLUMNS, np.square(found - truth).mean(0), truth.var(0)):
        print(f"head: R2 of {name:10s} {1 - error / spread:.3f}, root mean squared error {np.sqrt(error):.3f}")
    print(measure.heading(), measure.row("supervised", arguments.out, train, test), sep="\n")


if __name__ == "__main__":
    main()

"""Predicts the picture in F356W from those in F200W and F277W, and says how far off it is.

A picture in a longer band is that in shorter ones with a wider point spread and other colours. So a small bank of
kernels is applied to the fluxes of both bands, and a bottleneck that sees the whole picture mixes their results: it
knows the colours of the galaxy, the kernels know the instrument. The bottleneck is the embedding. Cross-survey
prediction as in AION-1 (Parker et al. 2025, arXiv:2510.17960), on the scale of a recipe.

The input is normalised by asinh with the sky's median m and sigma s of the two input bands together, and the output is
in the same units: a pixel p of it means m + s * scale * sinh(divide_by * p), scale and divide_by those of the card.

    python cross_band.py train test ..

Prints the residual beside that of the best linear combination of both bands.
"""

import numpy as np
import torch
from torch import nn

import measure
import networks
import release
import survey

PAPER = "after Parker et al. 2025 (AION-1), arXiv:2510.17960"
NAME, GIVEN, WANTED = "cross-band", ["F200W", "F277W"], "F356W"
DIM, KERNELS, WIDTH, SEED = 64, 6, 9, 9


class CrossBand(nn.Module):
    """n x 2 x 64 x 64 to the embedding and the n x 1 x 64 x 64 picture of the third band."""

    def __init__(self):
        super().__init__()
        self.encoder = networks.Encoder(DIM, bands=len(GIVEN))
        self.kernels = nn.Conv2d(len(GIVEN), KERNELS, WIDTH, 1, WIDTH // 2)
        self.mix = nn.Linear(DIM, KERNELS)
        with torch.no_grad():  # begins as a constant combination of the bands
            self.kernels.weight[:, :, WIDTH // 2, WIDTH // 2] += 1 / len(GIVEN) / KERNELS
            self.mix.weight.zero_()
            self.mix.bias.fill_(1)

    def forward(self, image):
        features = self.encoder(image)
        up, down = torch.exp(release.DIVIDE_BY * image), torch.exp(-release.DIVIDE_BY * image)
        parts = self.kernels((up - down) / 2)
        flux = (parts * self.mix(features).reshape(-1, KERNELS, 1, 1)).sum(1, keepdim=True)
        asinh = flux.sign() * torch.log(flux.abs() + (flux**2 + 1).sqrt())
        return features, asinh / release.DIVIDE_BY


def pairs(pictures):
    """Input and target in units of the input bands' statistics, and these statistics."""
    given = pictures[:, [survey.BANDS.index(band) for band in GIVEN]]
    wanted = pictures[:, [survey.BANDS.index(WANTED)]]
    statistics = survey.sky(given)
    both = [survey.asinh(part, release.SCALE, release.DIVIDE_BY, statistics) for part in (given, wanted)]
    return *both, statistics


def flux(normalised, statistics):
    """Normalised units back to nJy."""
    median, sigma = statistics
    return median + sigma * release.SCALE * np.sinh(release.DIVIDE_BY * normalised)


def linear_combination(given, wanted):
    """The best weights of the two bands and a constant, least squares over all pixels."""
    design = np.concatenate([given.transpose(0, 2, 3, 1).reshape(-1, len(GIVEN)), np.ones((wanted.size, 1))], axis=1)
    design = design.astype(np.float64)
    weights = np.linalg.solve(design.T @ design, design.T @ wanted.reshape(-1).astype(np.float64))
    return lambda x: (np.tensordot(x, weights[:-1], axes=(1, 0))[:, None] + weights[-1]).astype(np.float32)


def weighted_error(found, wanted, given):
    """Mean squared error in normalised units, weighted by flux as photon noise asks: most pixels are sky."""
    weight = torch.cosh(release.DIVIDE_BY * given.mean(1, keepdim=True).clamp(min=0))
    return (weight * (found - wanted) ** 2).sum() / weight.sum()


def train_network(given, wanted, epochs):
    torch.manual_seed(SEED)
    rng = torch.Generator().manual_seed(SEED)
    network = CrossBand()
    both = torch.from_numpy(np.concatenate([given, wanted], axis=1))

    def loss(rows):
        x, y = networks.turned(both[rows], rng).split([len(GIVEN), 1], dim=1)
        return weighted_error(network(x)[1], y, x)

    networks.fit([network], loss, len(both), epochs, rng, batch=64)
    return network


def main():
    arguments = survey.arguments(__doc__, epochs=12)
    train, test = survey.load(arguments.train), survey.load(arguments.test)
    card = release.card(NAME, PAPER, release.image_input(GIVEN), DIM)
    card["prediction"] = {"tensor": "predicted", "band": WANTED}
    (train_x, train_y, train_sky), (test_x, test_y, test_sky) = pairs(train[1]), pairs(test[1])
    network = train_network(train_x, train_y, arguments.epochs)
    release.release(network, card, test, arguments.out, further=["predicted"])

    with torch.no_grad():
        found = torch.cat([network(part)[1] for part in torch.from_numpy(test_x).split(100)]).numpy()
    in_units = linear_combination(train_x, train_y)(test_x)
    in_flux = linear_combination(flux(train_x, train_sky), flux(train_y, train_sky))(flux(test_x, test_sky))
    sigma = survey.sky(test[1][:, [survey.BANDS.index(WANTED)]])[1]
    middle = (slice(None), slice(None), slice(20, 44), slice(20, 44))
    print("root mean square of the residual: normalised units; the same weighted by flux; sky sigmas of F356W in the")
    print("middle 24 x 24 px, of all galaxies and of the median galaxy")
    for name, units, values in (
        ("network", found, flux(found, test_sky)),
        ("linear combination of normalised bands", in_units, flux(in_units, test_sky)),
        ("linear combination of fluxes", survey.asinh(in_flux, release.SCALE, release.DIVIDE_BY, test_sky), in_flux),
    ):
        squares = (((values - flux(test_y, test_sky)) / sigma)[middle] ** 2).mean((1, 2, 3))
        weighted = weighted_error(*[torch.from_numpy(part) for part in (units, test_y, test_x)]).item()
        figures = np.sqrt([((units - test_y) ** 2).mean(), weighted, squares.mean(), np.median(squares)])
        print(f"{name:40s} {figures[0]:.4f} {figures[1]:.4f} {figures[2]:7.2f} {figures[3]:7.2f}")
    print(measure.heading(), measure.row(NAME, arguments.out, train, test), sep="\n")


if __name__ == "__main__":
    main()

"""Two towers, pictures and photometric SEDs, in one space, after AstroCLIP (Parker et al. 2023, arXiv:2310.03024).

Both towers map to unit vectors; the loss (CLIP, Radford et al. 2021, arXiv:2103.00020) is the cross-entropy of finding
a galaxy's SED among all of the batch by its picture, and its picture by its SED, at a learned temperature.

    python image_sed.py train test ..

Writes image-sed.onnx (pictures) and image-sed.sed.onnx (magnitudes) with a card each, and prints how often a galaxy is
first, or among the first ten, of 2,000.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import measure
import networks
import release
import survey

PAPER = "after Parker et al. 2023 (AstroCLIP), arXiv:2310.03024; loss: Radford et al. 2021, arXiv:2103.00020"
SPACE = "image-sed"
COLUMNS = ["mag_f200w", "mag_f277w", "mag_f356w"]
DIM, SEED = 64, 7


def sed_tower():
    """n x 3 standardised magnitudes to n x DIM."""
    return nn.Sequential(
        nn.Linear(len(COLUMNS), 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, DIM)
    )


def train_towers(x, sed, epochs):
    torch.manual_seed(SEED)
    rng = torch.Generator().manual_seed(SEED)
    image, magnitudes = networks.Encoder(DIM), sed_tower()
    temperature = nn.ParameterList([nn.Parameter(torch.tensor(np.log(10.0), dtype=torch.float32))])

    def loss(rows):
        a = F.normalize(image(networks.turned(x[rows], rng)), dim=1)
        b = F.normalize(magnitudes(sed[rows]), dim=1)
        similarity = a @ b.T * temperature[0].clamp(max=np.log(100.0)).exp()
        own = torch.arange(len(rows))
        return (F.cross_entropy(similarity, own) + F.cross_entropy(similarity.T, own)) / 2

    networks.fit([image, magnitudes, temperature], loss, len(x), epochs, rng)
    return image, magnitudes


def recall(query, answers, k):
    """Share of queries whose own answer is among the k nearest."""
    similarity = query @ answers.T
    own = np.diag(similarity)[:, None]
    return float(((similarity > own).sum(1) < k).mean())


def unit_vectors(tower, x):
    with torch.no_grad():
        return torch.cat([F.normalize(tower(torch.from_numpy(part)), dim=1) for part in np.array_split(x, 8)]).numpy()


def main():
    arguments = survey.arguments(__doc__, epochs=12)
    train, test = survey.load(arguments.train), survey.load(arguments.test)
    magnitudes = survey.columns(train[0], COLUMNS)
    mean, std = [[round(float(v), 4) for v in values] for values in (magnitudes.mean(0), magnitudes.std(0))]
    sed_input = {
        "name": "sed",
        "modality": "sed",
        "columns": COLUMNS,
        "normalisation": {"method": "mean-std", "mean": mean, "std": std},
    }
    cards = [
        release.card("image-sed", PAPER, release.image_input(), DIM, l2_normalised=True),
        release.card("image-sed.sed", PAPER, sed_input, DIM, l2_normalised=True),
    ]
    train_x = [torch.from_numpy(survey.prepare(card, *train)) for card in cards]
    towers = train_towers(*train_x, arguments.epochs)
    for tower, card in zip(towers, cards):
        card["space"] = SPACE
        release.release(tower, card, test, arguments.out)

    image, sed = [unit_vectors(tower, survey.prepare(card, *test)) for tower, card in zip(towers, cards)]
    for name, query, answers in (("image to SED", image, sed), ("SED to image", sed, image)):
        found = [recall(query, answers, k) for k in (1, 10)]
        print(f"{name}: recall at 1 {found[0]:.3f}, at 10 {found[1]:.3f} of {len(query)}")
    print(measure.heading())
    for card in cards:
        print(measure.row(card["name"], arguments.out, train, test))


if __name__ == "__main__":
    main()

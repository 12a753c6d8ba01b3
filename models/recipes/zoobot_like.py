"""A hybrid of contrast and votes, after Zoobot (Walmsley et al. 2022, arXiv:2206.11927 and arXiv:2102.08414).

One trunk serves two losses: NT-Xent on two views of a galaxy, and the Dirichlet-multinomial likelihood of how many
volunteers gave each answer. No volunteer saw the synthetic survey: votes are drawn from the truth columns, with fewer
features seen in faint or small galaxies, and each question is put to those whose earlier answers lead to it.

    python zoobot_like.py train test ..

The head returns the concentrations of one Dirichlet distribution for each question; the expected vote fraction of an
answer is its share of the sum over the question. (The catalogue does not say which galaxies have bars, so the third
question is about spiral arms.)
"""

import numpy as np
import torch
from torch import nn

import measure
import networks
import release
import survey

PAPER = "Walmsley et al. 2022, arXiv:2206.11927 and arXiv:2102.08414; contrast: Chen et al. 2020, arXiv:2002.05709"
QUESTIONS = {
    "smooth-or-featured": ["smooth", "featured", "artifact"],
    "edge-on": ["edge-on_yes", "edge-on_no"],
    "spiral-arms": ["spiral-arms_yes", "spiral-arms_no"],
}
FEATURED = {"disc": 0.45, "spiral": 0.9, "irregular": 0.85, "prolate": 0.15, "spheroid": 0.08, "compact": 0.04}
VOLUNTEERS = 40
DIM, SEED = 64, 6
TEMPERATURE, WEIGHT_OF_VOTES = 0.2, 0.1
HIGHEST_CONCENTRATION = 100.0
NAME = "zoobot-like"


def logistic(x):
    return 1 / (1 + np.exp(-x))


def fractions(catalog):
    """What share of many volunteers would give each answer: n x (3 + 2 + 2)."""
    classes, rare = catalog["class"].to_pylist(), np.array(catalog["rare"].to_pylist(), dtype=object)
    number = lambda name: survey.column(catalog, name)
    seen = logistic((np.log10(number("snr_f356w")) - 1.7) / 0.25) * logistic((number("log_r_e") + 0.95) / 0.12)
    featured = np.array([FEATURED[name] for name in classes]) * seen
    featured[np.isin(rare, ["merger", "ring", "lensed_arc"])] = 0.9
    artefact = np.where(rare == "artefact", 0.8, 0.02)
    flat = np.isin(classes, ["disc", "spiral", "irregular"])
    edge_on = np.where(flat, logistic((number("viewing_angle") - 72) / 5), 0.05)
    arms = np.where(np.array(classes) == "spiral", 0.15 + 0.75 * seen, 0.08)
    first = np.stack([(1 - featured) * (1 - artefact), featured * (1 - artefact), artefact], 1)
    pairs = [np.stack([share, 1 - share], 1) for share in (edge_on, arms)]
    return np.concatenate([first, *pairs], axis=1)


def votes(catalog, seed):
    """Votes of VOLUNTEERS simulated volunteers for each galaxy, in the order of QUESTIONS."""
    rng = np.random.default_rng(seed)
    share = fractions(catalog)
    first = rng.multinomial(VOLUNTEERS, share[:, :3])
    second = rng.multinomial(first[:, 1], share[:, 3:5])
    third = rng.multinomial(second[:, 1], share[:, 5:7])
    return np.concatenate([first, second, third], axis=1).astype(np.float32)


def slices():
    """Name, first column and number of answers of each question."""
    first = 0
    for name, answers in QUESTIONS.items():
        yield name, first, len(answers)
        first += len(answers)


def negative_log_likelihood(votes, concentrations):
    """Dirichlet-multinomial, summed over questions; the constant of the counts is left out."""
    total = 0.0
    for _, first, count in slices():
        k, a = [values[:, first : first + count] for values in (votes, concentrations)]
        whole = torch.lgamma(a.sum(1)) - torch.lgamma(a.sum(1) + k.sum(1))
        total = total - whole - (torch.lgamma(a + k) - torch.lgamma(a)).sum(1)
    return total.mean()


class Zoo(nn.Module):
    """Picture to embedding and concentrations."""

    def __init__(self):
        super().__init__()
        self.encoder = networks.Encoder(DIM)
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(DIM, sum(len(answers) for answers in QUESTIONS.values())))

    def forward(self, image):
        features = self.encoder(image)
        return features, 1 + HIGHEST_CONCENTRATION * torch.sigmoid(self.head(features))


def train_network(x, counts, epochs):
    torch.manual_seed(SEED)
    rng = torch.Generator().manual_seed(SEED)
    network = Zoo()
    projector = nn.Sequential(nn.Linear(DIM, DIM), nn.ReLU(), nn.Linear(DIM, 64))

    def loss(rows):
        both = torch.cat([networks.views(x[rows], rng), networks.views(x[rows], rng)])
        features, concentrations = network(both)
        contrast = networks.nt_xent(*projector(features).chunk(2), TEMPERATURE)
        return contrast + WEIGHT_OF_VOTES * negative_log_likelihood(counts[rows].repeat(2, 1), concentrations)

    networks.fit([network, projector], loss, len(x), epochs, rng)
    return network


def main():
    arguments = survey.arguments(__doc__, epochs=12)
    train, test = survey.load(arguments.train), survey.load(arguments.test)
    card = release.card(NAME, PAPER, release.image_input(), DIM)
    card["training_data"] += "; votes simulated from its truth columns"
    card["heads"] = [
        {"name": name, "tensor": "votes", "activation": "dirichlet", "first": first, "columns": QUESTIONS[name]}
        for name, first, _ in slices()
    ]
    train_x, test_x = [torch.from_numpy(survey.prepare(card, *half)) for half in (train, test)]
    network = train_network(train_x, torch.from_numpy(votes(train[0], SEED)), arguments.epochs)
    release.release(network, card, test, arguments.out, further=["votes"])

    with torch.no_grad():
        found = torch.cat([network(part)[1] for part in test_x.split(250)]).numpy()
    truth = votes(test[0], SEED + 1)
    for name, first, count in slices():
        asked = truth[:, first : first + count].sum(1) >= 10
        share = lambda values: values[asked, first] / values[asked, first : first + count].sum(1)
        error, constant = [np.abs(guess - share(truth)).mean() for guess in (share(found), share(truth).mean())]
        print(f"head: {name}: mean absolute error of the first fraction {error:.3f}, of a constant {constant:.3f}")
    print(measure.heading(), measure.row(NAME, arguments.out, train, test), sep="\n")


if __name__ == "__main__":
    main()

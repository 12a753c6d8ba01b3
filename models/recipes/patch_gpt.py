"""An autoregressive transformer over the patches of a picture, after AstroPT (Smith et al. 2024, arXiv:2405.14930).

A picture of 64 x 64 is 64 patches of 8 x 8 in rows; each is predicted from those before it,
P(x) = prod_t P(x_t given x_<t), under a Huber loss in normalised units. The embedding is the mean over tokens of a
layer in the middle: that tensor, n x 64 x 96, is the one that the card names.

    python patch_gpt.py train test ..
"""

import torch
import torch.nn.functional as F
from torch import nn

import measure
import networks
import release
import survey

PAPER = "after Smith et al. 2024 (AstroPT), arXiv:2405.14930"
NAME, SEED = "patch-gpt", 8
PATCH, DIM, HEADS, LAYERS, MIDDLE = 8, 96, 4, 4, 2
TOKENS = (survey.SIZE // PATCH) ** 2
VALUES = len(survey.BANDS) * PATCH**2


class Attention(nn.Module):
    """Causal self-attention."""

    def __init__(self):
        super().__init__()
        self.enter, self.leave = nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)
        future = torch.triu(torch.full((TOKENS, TOKENS), -1e9), diagonal=1)
        self.register_buffer("future", future, persistent=False)

    def forward(self, x):
        query, key, value = [
            part.reshape(-1, TOKENS, HEADS, DIM // HEADS).transpose(1, 2) for part in self.enter(x).split(DIM, dim=2)
        ]
        scores = query @ key.transpose(2, 3) * (DIM // HEADS) ** -0.5 + self.future
        return self.leave((scores.softmax(dim=3) @ value).transpose(1, 2).reshape(-1, TOKENS, DIM))


class Layer(nn.Module):
    """A pre-norm transformer layer."""

    def __init__(self):
        super().__init__()
        self.attend = nn.Sequential(nn.LayerNorm(DIM), Attention())
        self.think = nn.Sequential(nn.LayerNorm(DIM), nn.Linear(DIM, 4 * DIM), nn.GELU(), nn.Linear(4 * DIM, DIM))

    def forward(self, x):
        x = x + self.attend(x)
        return x + self.think(x)


class PatchGpt(nn.Module):
    """Picture to tokens of the middle layer and the prediction of the patch after each."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(VALUES, DIM)
        self.position = nn.Parameter(torch.randn(1, TOKENS, DIM) * 0.02)
        self.layers = nn.ModuleList([Layer() for _ in range(LAYERS)])
        self.predict = nn.Sequential(nn.LayerNorm(DIM), nn.Linear(DIM, VALUES))

    def forward(self, image):
        x = self.embed(patches(image)) + self.position
        for layer in self.layers[:MIDDLE]:
            x = layer(x)
        middle = x
        for layer in self.layers[MIDDLE:]:
            x = layer(x)
        return middle, self.predict(x)


def patches(image):
    """n x 3 x 64 x 64 to n x 64 x 192, patches in rows."""
    side = survey.SIZE // PATCH
    parts = image.reshape(-1, len(survey.BANDS), side, PATCH, side, PATCH)
    return parts.permute(0, 2, 4, 1, 3, 5).reshape(-1, TOKENS, VALUES)


def next_patch_loss(network, image):
    _, predicted = network(image)
    return F.huber_loss(predicted[:, :-1], patches(image)[:, 1:])


def train_network(x, epochs):
    torch.manual_seed(SEED)
    rng = torch.Generator().manual_seed(SEED)
    network = PatchGpt()
    networks.fit(
        [network], lambda rows: next_patch_loss(network, networks.turned(x[rows], rng)), len(x), epochs, rng, batch=64
    )
    return network


def main():
    arguments = survey.arguments(__doc__, epochs=6)
    train, test = survey.load(arguments.train), survey.load(arguments.test)
    card = release.card(NAME, PAPER, release.image_input(), DIM, output="middle", pooling="mean")
    train_x, test_x = [torch.from_numpy(survey.prepare(card, *half)) for half in (train, test)]
    network = train_network(train_x, arguments.epochs)
    release.release(network, card, test, arguments.out, further=["next_patch"])

    with torch.no_grad():
        found = sum(next_patch_loss(network, part).item() for part in test_x.split(250)) / len(test_x.split(250))
    mean = patches(train_x)[:, 1:].mean((0, 1))
    before = F.huber_loss(patches(test_x)[:, :-1], patches(test_x)[:, 1:]).item()
    constant = F.huber_loss(mean.expand(len(test_x), TOKENS - 1, VALUES), patches(test_x)[:, 1:]).item()
    print(f"weights: {sum(weights.numel() for weights in network.parameters()):,}")
    print(f"Huber loss of the next patch: {found:.5f}; the patch before: {before:.5f}; the mean patch: {constant:.5f}")
    print(measure.heading(), measure.row(NAME, arguments.out, train, test), sep="\n")


if __name__ == "__main__":
    main()

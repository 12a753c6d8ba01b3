"""The spectrum transformer of AstroCLIP (Parker et al. 2023, arXiv:2310.03024) as ONNX.

    pip install -r requirements-export.txt
    python export_astroclip.py OUT --weights specformer.ckpt

The network is on no package index, so it is written out here under the names of its released checkpoint, which must be
a local file. A spectrum of DESI's 7,781 fluxes is standardised, cut into overlapping slices of 20, and its mean and
deviation are the first token; all that is part of the graph. The output is the tokens after the last norm, n x 778 x
768, the card takes their mean.
"""

import torch
import torch.nn.functional as F
from torch import nn

import hub

PAPER = "Parker et al. 2023, arXiv:2310.03024"
LENGTH, SLICE, STEP = 7781, 20, 10
# Of DESI spectra whose arms are put together, angstrom.
WAVELENGTH = {"first": 3600.0, "last": 9824.0}
TOKENS = (LENGTH - SLICE) // STEP + 2
DIM, LAYERS, HEADS, MOST_TOKENS = 768, 6, 6, 800


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention, self.projection = nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)

    def forward(self, x):
        query, key, value = [
            part.reshape(-1, TOKENS, HEADS, DIM // HEADS).transpose(1, 2) for part in self.attention(x).split(DIM, 2)
        ]
        weights = (query @ key.transpose(2, 3) * (DIM // HEADS) ** -0.5).softmax(3)
        return self.projection((weights @ value).transpose(1, 2).reshape(-1, TOKENS, DIM))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(DIM, 4 * DIM), nn.Linear(4 * DIM, DIM)

    def forward(self, x):
        return self.decoder(F.gelu(self.encoder(x)))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.layernorm1, self.attention = nn.LayerNorm(DIM), Attention()
        self.layernorm2, self.mlp = nn.LayerNorm(DIM), Mlp()

    def forward(self, x):
        x = x + self.attention(self.layernorm1(x))
        return x + self.mlp(self.layernorm2(x))


class SpecFormer(nn.Module):
    """Spectrum, n x 7781, to tokens."""

    def __init__(self):
        super().__init__()
        self.data_embed, self.position_embed = nn.Linear(SLICE + 2, DIM), nn.Embedding(MOST_TOKENS, DIM)
        self.blocks = nn.ModuleList([Layer() for _ in range(LAYERS)])
        self.final_layernorm = nn.LayerNorm(DIM)
        start = STEP * torch.arange(TOKENS - 1)[:, None] + torch.arange(SLICE)
        self.register_buffer("slices", start, persistent=False)

    def forward(self, spectrum):
        mean = spectrum.mean(1, keepdim=True)
        variance = ((spectrum - mean) ** 2).sum(1, keepdim=True) / (LENGTH - 1)
        std = variance.sqrt().clamp(min=0.2)
        slices = F.pad(((spectrum - mean) / std)[:, self.slices], (2, 0))
        first = F.pad(torch.cat([(mean - 2) / 2, (std - 2) / 8], 1), (0, SLICE))[:, None]
        x = self.data_embed(torch.cat([first, slices], 1)) + self.position_embed.weight[:TOKENS]
        for block in self.blocks:
            x = block(x)
        return self.final_layernorm(x)


def encoder(weights):
    """The network; keys of a whole AstroCLIP checkpoint begin with `spectrum_encoder.backbone.`."""
    network = SpecFormer()
    if weights:
        state = hub.local_state(weights)
        state = {key.removeprefix("spectrum_encoder.backbone."): value for key, value in state.items()}
        network.load_state_dict({key: state[key] for key in network.state_dict()})
    return network


def main():
    arguments = hub.arguments(__doc__, "specformer.ckpt")
    wanted = {"name": "spectrum", "modality": "spectrum", "size": LENGTH, "wavelength": WAVELENGTH,
              "normalisation": {"method": "none"}}
    output = {"name": "tokens", "pooling": "mean"}
    example = torch.rand(2, LENGTH)
    network = encoder(arguments.weights)
    hub.finish(network, example, arguments, "astroclip-spectrum", PAPER, wanted, output)


if __name__ == "__main__":
    main()

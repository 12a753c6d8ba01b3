"""AstroPT (Smith et al. 2024, arXiv:2405.14930) as ONNX, from the package `astropt`.

    pip install -r requirements-export.txt
    python export_astropt.py OUT --weights smith42/astropt_sparse:astropt/p16k10

A name on the hub is followed by the folder of the checkpoint; a local path is that of a folder with ckpt.pt. Patches
are standardised and put in the spiral order of the training inside the graph. The output is the tokens of the layer in
the middle, the card takes their mean.
"""

import os

import torch
from astropt.model import GPT, GPTConfig, ModalityConfig, ModalityRegistry
from astropt.model_utils import load_astropt

import hub

PAPER = "Smith et al. 2024, arXiv:2405.14930"
SIZE, PATCH, CHANNELS = 224, 16, 3
SIDE = SIZE // PATCH


def network(weights):
    """The trained GPT; checkpoints are pickles, so load only those that you trust."""
    if weights and os.path.isdir(weights):
        return load_astropt(None, path=os.path.join(weights, ""))
    if weights:
        repository, _, folder = weights.partition(":")
        return load_astropt(repository, path=folder)
    values = CHANNELS * PATCH**2
    images = ModalityConfig(name="images", input_size=values, pos_input_size=1, patch_size=PATCH, embed_pos=True)
    config = GPTConfig(n_layer=12, n_head=6, n_embd=384, n_chan=CHANNELS)
    return GPT(config, ModalityRegistry([images]), master_process=False)


def spiral(side):
    """Rows of patches in the order of the training: from the centre outwards."""
    order, left = [], [[side * row + column for column in range(side)] for row in range(side)]
    while left:
        order += left.pop(0)
        left = [list(line) for line in zip(*left)][::-1]
    return order[::-1]


class Middle(torch.nn.Module):
    """Picture to the tokens of the middle layer, n x 196 x d."""

    def __init__(self, gpt):
        super().__init__()
        self.gpt = gpt
        self.register_buffer("order", torch.tensor(spiral(SIDE)))
        self.register_buffer("positions", torch.arange(SIDE**2)[None])

    def forward(self, image):
        parts = image.reshape(-1, CHANNELS, SIDE, PATCH, SIDE, PATCH)
        patches = parts.permute(0, 2, 4, 3, 5, 1).reshape(-1, SIDE**2, CHANNELS * PATCH**2)
        centred = patches - patches.mean(2, keepdim=True)
        variance = (centred**2).sum(2, keepdim=True) / (CHANNELS * PATCH**2 - 1)
        patches = (centred / (variance.sqrt() + 1e-8))[:, self.order]
        return self.gpt.get_embeddings({"images": patches, "images_positions": self.positions})["images"]


def main():
    arguments = hub.arguments(__doc__, "smith42/astropt_sparse:astropt/p16k10")
    wanted = hub.image_input(SIZE, {"method": "mean-std", "mean": [0.0], "std": [255.0]}, eight_bit=True)
    output = {"name": "middle", "pooling": "mean"}
    example = torch.rand(2, CHANNELS, SIZE, SIZE)
    hub.finish(Middle(network(arguments.weights)), example, arguments, "astropt", PAPER, wanted, output)


if __name__ == "__main__":
    main()

"""Zoobot encoders (Walmsley et al. 2023, arXiv:2206.11927; ConvNeXt: Liu et al. 2022, arXiv:2201.03545) as ONNX.

    pip install -r requirements-export.txt
    python export_zoobot.py OUT --weights mwalmsley/zoobot-encoder-convnext_nano

Zoobot is a timm ConvNeXt on 224 x 224 colour pictures with values of 0 to 1; the embedding is the pooled output.
"""

import os

import timm
import torch

import hub

PAPER = "Walmsley et al. 2022, arXiv:2206.11927; Liu et al. 2022, arXiv:2201.03545"
ARCHITECTURE, SIZE = "convnext_nano", 224


def encoder(weights):
    """The network; a local checkpoint may have the prefix `encoder.` before its keys."""
    if weights and not os.path.exists(weights):
        return timm.create_model(f"hf_hub:{weights}", pretrained=True, num_classes=0)
    network = timm.create_model(ARCHITECTURE, num_classes=0)
    if weights:
        state = hub.local_state(weights)
        state = {key.removeprefix("encoder."): value for key, value in state.items()}
        network.load_state_dict({key: state[key] for key in network.state_dict()})
    return network


def main():
    arguments = hub.arguments(__doc__, "mwalmsley/zoobot-encoder-convnext_nano")
    wanted = hub.image_input(SIZE, {"method": "mean-std", "mean": [0.0], "std": [255.0]}, eight_bit=True)
    output = {"name": "features", "pooling": "none"}
    example = torch.rand(2, 3, SIZE, SIZE)
    hub.finish(encoder(arguments.weights), example, arguments, "zoobot", PAPER, wanted, output)


if __name__ == "__main__":
    main()

"""DINOv2 (Oquab et al. 2023, arXiv:2304.07193) from timm as ONNX: a general encoder of photographs.

    pip install -r requirements-export.txt
    python export_dinov2.py OUT --weights timm/vit_small_patch14_dinov2.lvd142m

Pictures are 224 x 224; positions are interpolated from the 518 px of the training. The output is all tokens, the card
takes the first.
"""

import os

import timm
import torch

import hub

PAPER = "Oquab et al. 2023, arXiv:2304.07193"
ARCHITECTURE, SIZE = "vit_small_patch14_dinov2", 224


class Tokens(torch.nn.Module):
    """All tokens after the last norm, n x 257 x 384, the class token first."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image):
        return self.network.forward_features(image)


def encoder(weights):
    if weights and not os.path.exists(weights):
        return timm.create_model(f"hf_hub:{weights}", pretrained=True, num_classes=0, img_size=SIZE)
    file = {"pretrained_cfg_overlay": {"file": weights}, "pretrained": True} if weights else {}
    return timm.create_model(ARCHITECTURE, num_classes=0, img_size=SIZE, **file)


def main():
    arguments = hub.arguments(__doc__, "timm/vit_small_patch14_dinov2.lvd142m")
    wanted = hub.image_input(SIZE, {"method": "mean-std", **hub.IMAGENET}, eight_bit=True)
    output = {"name": "tokens", "pooling": "cls"}
    example = torch.randn(2, 3, SIZE, SIZE)
    hub.finish(Tokens(encoder(arguments.weights)), example, arguments, "dinov2", PAPER, wanted, output)


if __name__ == "__main__":
    main()

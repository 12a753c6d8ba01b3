"""The picture encoder of AION-1 (Parker et al. 2025, arXiv:2510.17960) as ONNX, from the package `polymathic-aion`.

    pip install -r requirements-export.txt
    python export_aion.py OUT --weights polymathic-ai/aion-base

Five HSC bands of 96 x 96 px are compressed, tokenised by the image codec (576 tokens of 4,375 kinds) and read by the
transformer; all that is part of the graph. The output is the encoder's tokens, n x 576 x d, the card takes their mean.
Rounding to tokens is a step: engines that differ in the last bit may differ in a token, seldom in its mean.
"""

import torch
from aion.codecs.image import ImageCodec
from aion.codecs.preprocessing.band_to_index import BAND_CENTER_MAX, BAND_TO_INDEX
from aion.modalities import HSCImage
from aion.model import AION
from torch import nn

import hub

PAPER = "Parker et al. 2025, arXiv:2510.17960"
BANDS = ["HSC-G", "HSC-R", "HSC-I", "HSC-Z", "HSC-Y"]
SIZE = 96
ZERO_POINT = 10 ** ((27.0 - 22.5) / 2.5)
RANDOM = {
    "domains_in": [HSCImage.token_key], "domains_out": [HSCImage.token_key],
    "dim": 768, "encoder_depth": 12, "decoder_depth": 1, "num_heads": 12, "mlp_ratio": 4.0,
    "qkv_bias": False, "proj_bias": False, "mlp_bias": False, "norm_bias": False,
    "act_layer": "SiLU", "gated_mlp": True, "qk_norm": True,
}


def parts(weights):
    """Codec and transformer."""
    if weights:
        return ImageCodec.from_pretrained(weights, modality=HSCImage), AION.from_pretrained(weights)
    return ImageCodec(quantizer_levels=[7, 5, 5, 5, 5]), AION(RANDOM)


class Encoder(nn.Module):
    """Fluxes in the units of HSC, n x 5 x 96 x 96, to tokens of the transformer.

    The codec's steps around its network are written out: the package's change their input in place, and ONNX has
    neither their asinh nor their atanh at this opset.
    """

    def __init__(self, codec, transformer):
        super().__init__()
        self.codec, self.transformer = codec, transformer
        known = [BAND_TO_INDEX[band] for band in BANDS]
        limits = torch.tensor([float(BAND_CENTER_MAX[band]) for band in BANDS]).reshape(-1, 1, 1)
        self.register_buffer("limits", limits)
        project = codec.subsample_in
        scale = (project.dim_in / len(BANDS)) ** 0.5
        self.register_buffer("weight", scale * project.weight.detach()[:, known, None, None])
        self.register_buffer("bias", scale * project.bias.detach())
        levels = codec.quantizer.levels
        half = (levels - 1) * (1 + codec.quantizer.eps) / 2
        offset = torch.where(levels % 2 == 1, 0.0, 0.5)
        basis = torch.cat([torch.ones(1), levels[:-1].cumprod(0)])
        for name, value in (("half_range", half), ("offset", offset), ("shift", torch.atanh(offset / half)),
                            ("middle", levels // 2), ("basis", basis)):
            self.register_buffer(name, value.float()[:, None])

    def forward(self, image):
        flux = torch.minimum(torch.maximum(image, -self.limits), self.limits) / ZERO_POINT
        softening = self.codec.range_compression_factor
        size = flux.abs() / softening
        flux = flux.sign() * torch.log(size + (size**2 + 1).sqrt()) * softening * self.codec.mult_factor
        hidden = self.codec.encoder(nn.functional.conv2d(flux, self.weight, self.bias))
        latent = self.codec.pre_quant_proj(hidden).flatten(2)
        digits = (torch.tanh(latent + self.shift) * self.half_range - self.offset).round() + self.middle
        tokens = (digits * self.basis).sum(1).long()
        embedded = self.transformer.encoder_embeddings[HSCImage.token_key]({"tensor": tokens})
        return self.transformer.forward_encoder(embedded["x"] + embedded["emb"], encoder_mask=None)


def main():
    arguments = hub.arguments(__doc__, "polymathic-ai/aion-base")
    wanted = hub.image_input(SIZE, {"method": "none"}, bands=BANDS)
    output = {"name": "tokens", "pooling": "mean"}
    example = torch.rand(2, len(BANDS), SIZE, SIZE)
    network = Encoder(*parts(arguments.weights))
    hub.finish(network, example, arguments, "aion-hsc", PAPER, wanted, output)


if __name__ == "__main__":
    main()

"""What the export recipes share: their command line, the card, and the check in ONNX Runtime.

Without --weights a network of the same architecture with random weights is exported: that tries the export where there
is no internet, and the card says so.
"""

import argparse
from pathlib import Path

import torch

import release

IMAGENET = {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}


def arguments(doc, weights):
    """The command line: the folder to write into and where the weights are, for example `weights`."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("out", help="folder for the model and its card")
    parser.add_argument("--weights", help=f"name on the Hugging Face hub or a local path, such as {weights}")
    parser.add_argument("--licence", default="unknown", help="licence of the weights, for the card")
    parsed = parser.parse_args()
    Path(parsed.out).mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    return parsed


def image_input(size, normalisation, bands=None, eight_bit=False):
    """The `[input]` of a card: named bands, or three channels of a colour picture."""
    which = {"bands": bands} if bands else {"channels": 3}
    return {"name": "image", "modality": "image", **which, "size": size, "eight_bit": eight_bit,
            "normalisation": normalisation}


def local_state(path):
    """The state dictionary of a local checkpoint, also of a Lightning one."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    return state.get("state_dict", state)


def finish(network, example, arguments, name, paper, wanted, output, **more):
    """Exports, checks and writes the card; `example` is a batch of prepared inputs."""
    out = Path(arguments.out)
    found = release.export(network.eval(), out / f"{name}.onnx", {wanted["name"]: example}, [output["name"]])
    tokens = found[output["name"]]
    dimension = tokens.shape[1] if tokens.ndim == 4 else tokens.shape[-1]
    trained = f"weights {arguments.weights}" if arguments.weights else "none: random weights, to try the export"
    about = {"name": name, "version": "1", "paper": paper, "licence": arguments.licence, "training_data": trained}
    result = {**output, "dimension": dimension, "l2_normalised": False}
    release.write_card({**about, "input": wanted, "output": result, **more}, out)
    print(f"{name}: {sum(weights.numel() for weights in network.parameters()) / 1e6:.1f} million weights, "
          f"output {tuple(tokens.shape)}")

"""Fine-tunes the SimCLR encoder on labels from the program, and writes a new encoder with a class head.

    python finetune.py survey labels.csv .. --label kind --name simclr-kind

`survey` is a folder with catalog.parquet and cutouts/ as `latentarium demo` writes it; `labels.csv` (or .parquet) is
an exported table with the columns `id` and the one named by --label, in which empty cells are unlabelled. The weights
of the trunk come from the initialisers of simclr.onnx, so nothing but the released file is needed. With --frozen only
the head is trained: a linear probe.

The result has the outputs `features` (the embedding) and `scores`; the card names the classes and the softmax. One
label in five is held out, and the balanced accuracy on these is printed.
"""

import argparse
import tomllib
from pathlib import Path

import onnx
import pyarrow.csv
import pyarrow.parquet
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

import networks
import release
import simclr
import survey

SEED, HELD_OUT = 11, 0.2


def trunk(path):
    """The encoder with the weights of an exported one, in which batch norms are part of the convolutions."""
    encoder = networks.Encoder(simclr.DIM, simclr.WIDTHS).eval()
    for block in encoder.modules():
        if isinstance(block, nn.Sequential):
            for k, (conv, norm) in enumerate(zip(block[:-1], block[1:])):
                if isinstance(norm, nn.BatchNorm2d):
                    block[k], block[k + 1] = fuse_conv_bn_eval(conv, norm), nn.Identity()
    graph = onnx.load(path).graph
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = [node for node in graph.node if node.op_type in ("Conv", "Gemm")]
    layers = [module for module in encoder.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    layers.sort(key=lambda layer: isinstance(layer, nn.Linear))
    with torch.no_grad():
        for node, layer in zip(nodes, layers, strict=True):
            layer.weight.copy_(torch.tensor(weights[node.input[1]]))
            layer.bias.copy_(torch.tensor(weights[node.input[2]]))
    return encoder


class Classifier(nn.Module):
    """Picture to embedding and one score for each class."""

    def __init__(self, encoder, classes):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.head.out_features, classes)

    def forward(self, image):
        features = self.encoder(image)
        return features, self.head(features)


def labels(path, column):
    """Label by id, both as text; empty cells are left out."""
    read = pyarrow.parquet.read_table if Path(path).suffix == ".parquet" else pyarrow.csv.read_csv
    table = read(path)
    pairs = zip(table["id"].to_pylist(), table[column].to_pylist())
    return {str(key): str(label) for key, label in pairs if label not in (None, "")}


def balanced_accuracy(network, x, y):
    """Mean over classes of the share that is recognised."""
    with torch.no_grad():
        found = torch.cat([network(part)[1].argmax(1) for part in x.split(250)])
    return torch.stack([(found[y == k] == k).float().mean() for k in y.unique()]).mean().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("survey"), parser.add_argument("labels"), parser.add_argument("out")
    parser.add_argument("--label", default="label", help="column of the labels")
    parser.add_argument("--name", default="finetuned", help="name of the new encoder")
    parser.add_argument("--trunk", default=str(Path(__file__).parent.parent / "simclr.onnx"))
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--frozen", action="store_true", help="train the head alone")
    arguments = parser.parse_args()

    catalog, pictures = survey.load(arguments.survey)
    by_id = labels(arguments.labels, arguments.label)
    ids = [str(key) for key in catalog["id"].to_pylist()]
    rows = [row for row, key in enumerate(ids) if key in by_id]
    classes = sorted({by_id[ids[row]] for row in rows})
    assert len(classes) > 1, f"{arguments.labels} holds {len(rows)} labelled objects of {classes}: two classes at least"
    card = tomllib.loads(Path(arguments.trunk).with_suffix(".toml").read_text())
    del card["sha256"]
    card["name"] = arguments.name
    card["training_data"] += f"; then {len(rows)} labels of {Path(arguments.labels).name}"
    card["heads"] = [{"name": arguments.label, "tensor": "scores", "activation": "softmax", "columns": classes}]

    torch.manual_seed(SEED)
    rng = torch.Generator().manual_seed(SEED)
    x = torch.from_numpy(survey.prepare(card, catalog, pictures[rows]))
    y = torch.tensor([classes.index(by_id[ids[row]]) for row in rows])
    order = torch.randperm(len(x), generator=rng)
    held, rest = order.split([int(HELD_OUT * len(x)), len(x) - int(HELD_OUT * len(x))])
    weight = len(rest) / y[rest].bincount(minlength=len(classes)).clamp(min=1)
    network = Classifier(trunk(arguments.trunk), len(classes))

    def loss(some):
        picked = rest[some]
        return F.cross_entropy(network(networks.views(x[picked], rng))[1], y[picked], weight / weight.mean())

    trained = [network.head] if arguments.frozen else [network]
    networks.fit(trained, loss, len(rest), arguments.epochs, rng, batch=min(64, len(rest)), rate=1e-3)
    if len(held):
        accuracy = balanced_accuracy(network, x[held], y[held])
        print(f"balanced accuracy on {len(held)} held-out objects: {accuracy:.3f}, by chance {1 / len(classes):.3f}")
    release.release(network, card, (catalog, pictures), arguments.out, further=["scores"])


if __name__ == "__main__":
    main()

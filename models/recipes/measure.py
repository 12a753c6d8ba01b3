"""The same figures for every encoder, on galaxies that none of them saw.

    python measure.py train test ..

prints a table of all cards of the last folder. The figures:

- linear probe: R^2 on the test survey of a ridge regression on standardised vectors, fitted on the training survey;
- rare: each of the 50 rare objects of both surveys (5 kinds) is the example, all other 9,999 objects are ranked by
  cosine similarity to it, and the average precision for its kind is taken; the mean over all. By chance: 0.001.
  Both surveys serve because the test survey alone has two of each kind; no encoder was told which are rare;
- turned 90, turned 37: prepared test pictures are turned by so many degrees (bilinear); the share whose nearest
  neighbour among all 2,000 unturned ones is the same galaxy;
- same class: share of the ten nearest neighbours in the test survey that have the galaxy's morphological class.
  By chance: 0.20.

Similarities are cosines after the mean of the training vectors has been subtracted. Outputs of more than 128
dimensions (pixels) are reduced to 128 by a PCA of the training survey before anything is measured.
"""

import argparse
import tomllib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

import networks
import release
import survey

LARGEST = 128
ANGLES = (90, 37)
NEIGHBOURS = 10


def session(path, output):
    """An ONNX Runtime session for one tensor of a graph, which need not be among the graph's outputs."""
    model = onnx.load(path)
    if output not in [known.name for known in model.graph.output]:
        model.graph.output.append(onnx.helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, None))
    return onnxruntime.InferenceSession(model.SerializeToString())


def vectors(card, running, x):
    """The embedding of prepared inputs."""
    name, output = card["input"]["name"], card["output"]["name"]
    parts = [running.run([output], {name: x[i : i + 64]})[0] for i in range(0, len(x), 64)]
    return release.pool(card, np.concatenate(parts))


def pca(x, k):
    """Mean and the first k principal axes (d x k), by randomised subspace iteration (arXiv:0909.4061)."""
    torch.manual_seed(0)
    mean = x.mean(0)
    _, _, axes = torch.svd_lowrank(torch.from_numpy(x - mean), q=k + 64, niter=10)
    return mean, axes[:, :k].numpy()


def r2(train_z, train_y, test_z, test_y):
    """R^2 on the test set of a ridge regression on standardised vectors."""
    mean, std = train_z.mean(0), train_z.std(0) + 1e-6
    a, b = [np.c_[(z - mean) / std, np.ones(len(z))] for z in (train_z, test_z)]
    weights = np.linalg.solve(a.T @ a + 1.0 * np.eye(a.shape[1]), a.T @ train_y)
    return 1 - ((b @ weights - test_y) ** 2).sum() / ((test_y - test_y.mean()) ** 2).sum()


def average_precision(relevant):
    """Average precision of a ranking, given whether each item is relevant, best first."""
    precision = np.cumsum(relevant) / np.arange(1, len(relevant) + 1)
    return precision[relevant].mean()


def rare_precision(z, kinds):
    """Mean average precision of query by one rare example."""
    scores = []
    for example in np.flatnonzero(np.isin(kinds, survey.RARE)):
        order = np.argsort(-(z @ z[example]))
        order = order[order != example]
        scores.append(average_precision(kinds[order] == kinds[example]))
    return float(np.mean(scores))


def found_again(z, turned_z):
    """Share of turned objects whose nearest neighbour is themselves before the turn."""
    return float(((turned_z @ z.T).argmax(1) == np.arange(len(z))).mean())


def same_class(z, classes):
    """Share of the nearest neighbours that have the object's class."""
    similarity = z @ z.T
    np.fill_diagonal(similarity, -np.inf)
    nearest = np.argpartition(-similarity, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    return float((classes[nearest] == classes[:, None]).mean())


def turn(x, degrees):
    """Pictures turned about their centre."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix = torch.tensor([[c, -s, 0.0], [s, c, 0.0]], dtype=torch.float32).expand(len(x), 2, 3)
    return networks.resample(torch.from_numpy(x), matrix).numpy()


def measure(card, folder, train, test):
    """All figures of one card, by name."""
    running = session(Path(folder) / f"{card['name']}.onnx", card["output"]["name"])
    train_x, test_x = [survey.prepare(card, *half) for half in (train, test)]
    train_z, test_z = [vectors(card, running, x) for x in (train_x, test_x)]
    reduce = lambda z: z
    if train_z.shape[1] > LARGEST:
        origin, axes = pca(train_z, LARGEST)
        reduce = lambda z: (z - origin) @ axes
        train_z, test_z = reduce(train_z), reduce(test_z)
    figures = {}
    for name in survey.PARAMETERS:
        figures[name] = r2(train_z, survey.column(train[0], name), test_z, survey.column(test[0], name))
    mean = train_z.mean(0)
    unit = lambda z: (z - mean) / np.linalg.norm(z - mean, axis=1, keepdims=True)
    text = lambda catalog, name: np.array(catalog[name].to_pylist(), dtype=object)
    kinds = np.concatenate([text(catalog, "rare") for catalog in (train[0], test[0])])
    figures["rare"] = rare_precision(np.concatenate([unit(train_z), unit(test_z)]), kinds)
    if card["input"]["modality"] == "image":
        for angle in ANGLES:
            again = unit(reduce(vectors(card, running, turn(test_x, angle))))
            figures[f"turned {angle}"] = found_again(unit(test_z), again)
    figures["same class"] = same_class(unit(test_z), text(test[0], "class"))
    return figures


HEADINGS = [*survey.PARAMETERS, "rare", *[f"turned {angle}" for angle in ANGLES], "same class"]


def heading():
    """The head of the table."""
    return f"| encoder | {' | '.join(HEADINGS)} |\n|{' --- |' * (len(HEADINGS) + 1)}"


def row(name, folder, train, test):
    """One row of the table: the figures of the card NAME.toml."""
    card = tomllib.loads((Path(folder) / f"{name}.toml").read_text())
    figures = measure(card, folder, train, test)
    label = f"{name} + PCA" if card["output"]["dimension"] > LARGEST else name
    cells = [f"{figures[key]:.3f}" if key in figures else "" for key in HEADINGS]
    return f"| {label} | {' | '.join(cells)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train"), parser.add_argument("test"), parser.add_argument("folder")
    arguments = parser.parse_args()
    train, test = survey.load(arguments.train), survey.load(arguments.test)
    print(heading())
    for card in sorted(Path(arguments.folder).glob("*.toml")):
        print(row(card.stem, arguments.folder, train, test), flush=True)


if __name__ == "__main__":
    main()

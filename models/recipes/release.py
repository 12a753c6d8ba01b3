"""Writes what a recipe made: the ONNX file, its card, and golden inputs and outputs to hold engines to."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

import survey

SCALE, DIVIDE_BY = 1.0, 4.0
TOLERANCE = 1e-4
GOLDEN = 4
TRAINING_DATA = "8,000 synthetic galaxies of `latentarium demo --seed 1001`; no real data"


def image_input(bands=survey.BANDS):
    """The `[input]` of a card for pictures of the synthetic survey."""
    return {
        "name": "image",
        "modality": "image",
        "bands": list(bands),
        "size": survey.SIZE,
        "pixel_scale_arcsec": survey.PIXEL_SCALE_ARCSEC,
        "normalisation": {
            "method": "asinh",
            "scale": SCALE,
            "divide_by": DIVIDE_BY,
            "sky": "border",
            "joint": True,
        },
    }


def card(name, paper, wanted, dimension, output="features", pooling="none", l2_normalised=False, **more):
    """A card as a dictionary in the order in which it is written; `more` are further keys and tables."""
    about = {
        "name": name,
        "version": "1",
        "paper": paper,
        "licence": "MIT OR Apache-2.0",
        "training_data": TRAINING_DATA,
    }
    result = {"name": output, "pooling": pooling, "dimension": dimension, "l2_normalised": l2_normalised}
    return {**about, "input": wanted, "output": result, **more}


def toml(table, path=""):
    """A dictionary as TOML: plain values first, then tables, then lists of tables."""
    plain, tables = [], []
    for key, value in table.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            tables.append(f"\n[{name}]\n{toml(value, name)}")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            tables += [f"\n[[{name}]]\n{toml(item, name)}" for item in value]
        else:
            plain.append(f"{key} = {json.dumps(value, ensure_ascii=False)}\n")
    return "".join(plain + tables)


def export(network, path, inputs, outputs):
    """Exports a network and returns its outputs, after ONNX Runtime has given the same for two batch sizes."""
    names = [*inputs, *outputs]
    torch.onnx.export(
        network.eval(),
        tuple(inputs.values()),
        str(path),
        dynamo=False,
        opset_version=17,
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_axes={name: {0: "batch"} for name in names},
    )
    with torch.no_grad():
        found = network(*inputs.values())
    found = [tensor.numpy() for tensor in (found if isinstance(found, tuple) else (found,))]
    state_shapes(path, found)
    session = onnxruntime.InferenceSession(str(path))
    for count in (1, len(found[0])):
        again = session.run(outputs, {name: tensor[:count].numpy() for name, tensor in inputs.items()})
        difference = max(float(np.abs(a - b[:count]).max()) for a, b in zip(again, found))
        assert difference <= TOLERANCE, f"{path} differs from PyTorch by {difference}"
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, difference to PyTorch {difference:.1e}")
    return dict(zip(outputs, found))


def state_shapes(path, found):
    """Writes the sizes of the outputs, which the exporter leaves open here and there, into the file."""
    model = onnx.load(path)
    for output, tensor in zip(model.graph.output, found, strict=True):
        for dimension, size in zip(output.type.tensor_type.shape.dim[1:], tensor.shape[1:], strict=True):
            dimension.dim_value = size
    onnx.save(model, path)


def pool(card, output):
    """The vectors of a card from its output tensor."""
    how = card["output"]["pooling"]
    if how == "mean":
        output = output.mean(axis=1)
    elif how == "cls":
        output = output[:, 0]
    if card["output"]["l2_normalised"]:
        output = output / np.linalg.norm(output, axis=1, keepdims=True)
    return output


def write_card(card, folder):
    """Writes NAME.toml beside NAME.onnx, with the hash of the model."""
    about = {key: value for key, value in card.items() if not isinstance(value, (dict, list))}
    rest = {key: value for key, value in card.items() if key not in about}
    sha256 = hashlib.sha256((folder / f"{card['name']}.onnx").read_bytes()).hexdigest()
    (folder / f"{card['name']}.toml").write_text(toml({**about, "sha256": sha256, **rest}))


def release(network, card, test, out, further=()):
    """Writes model, card and golden files; `further` are the outputs after that of the embedding."""
    out, name, wanted = Path(out), card["name"], card["input"]
    catalog, pictures = test[0][: 2 * GOLDEN], test[1][: 2 * GOLDEN]
    inputs = {wanted["name"]: torch.from_numpy(survey.prepare(card, catalog, pictures))}
    found = export(network, out / f"{name}.onnx", inputs, [card["output"]["name"], *further])
    write_card(card, out)
    if wanted["modality"] == "sed":
        raw = survey.columns(catalog, wanted["columns"])
    else:
        raw = pictures[:, [survey.BANDS.index(band) for band in wanted["bands"]]]
    golden = {"columns" if wanted["modality"] == "sed" else "pictures": raw}
    golden["vectors"] = pool(card, found[card["output"]["name"]])
    golden.update({tensor: found[tensor] for tensor in further})
    save_golden(out, name, golden)


def save_golden(out, name, arrays):
    """The first four objects of each array as golden/NAME_KEY.npy, one row for each."""
    folder = Path(out) / "golden"
    folder.mkdir(exist_ok=True)
    for key, array in arrays.items():
        np.save(folder / f"{name}_{key}.npy", array[:GOLDEN].reshape(GOLDEN, -1))

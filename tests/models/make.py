"""Writes the small ONNX models and golden.json that the tests of src/encode read.

    python make.py        # needs numpy, onnx, pillow

Weights come from a fixed seed. The expected values are computed here with plain numpy loops (and
Pillow for resampling), not with an ONNX engine.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

HERE = Path(__file__).parent
rng = np.random.default_rng(20)
F32 = TensorProto.FLOAT


def picture(bands, height, width, seed):
    """Pixels that the tests build with the same formula."""
    i = np.arange(bands * height * width)
    return (((i * 37 + 11 * seed) % 101) * 2.5).astype(np.float32).reshape(bands, height, width)


def save(name, nodes, inputs, outputs, weights, external=None):
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("image", t, s) for t, s in inputs],
        [helper.make_tensor_value_info(n, F32, s) for n, s in outputs],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in weights.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="make.py"
    )
    onnx.checker.check_model(model)
    if external:
        blob = b""
        for tensor in model.graph.initializer:
            if tensor.data_type != F32:
                continue
            raw = tensor.raw_data
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", external), ("offset", len(blob)), ("length", len(raw))):
                tensor.external_data.add(key=key, value=str(value))
            blob += raw
        if ".." not in external:
            (HERE / external).write_bytes(blob)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())


def conv(x, kernel, bias, stride=1, pad=0):
    """Valid cross-correlation, the slow and obvious way."""
    x = np.pad(x.astype(np.float64), ((0, 0), (pad, pad), (pad, pad)))
    out_channels, _, k, _ = kernel.shape
    side = (x.shape[1] - k) // stride + 1
    y = np.zeros((out_channels, side, side))
    for o in range(out_channels):
        for r in range(side):
            for c in range(side):
                patch = x[:, r * stride : r * stride + k, c * stride : c * stride + k]
                y[o, r, c] = (patch * kernel[o]).sum() + bias[o]
    return y


w = (rng.normal(size=(4, 3, 3, 3)) * 0.3).astype(np.float32)
b = rng.normal(size=4).astype(np.float32)
w4 = (rng.normal(size=(5, 3, 4, 4)) * 0.2).astype(np.float32)
b4 = rng.normal(size=5).astype(np.float32)

trunk = [
    helper.make_node("Conv", ["image", "w", "b"], ["conv"], pads=[1, 1, 1, 1]),
    helper.make_node("Relu", ["conv"], ["relu"]),
    helper.make_node("GlobalAveragePool", ["relu"], ["pool"]),
    helper.make_node("Flatten", ["pool"], ["features"]),
]
weights = {"w": w, "b": b}
out = [("features", ["batch", 4])]
save("mean", trunk, [(F32, ["batch", 3, 8, 8])], out, weights)
save("fixed_batch", trunk, [(F32, [2, 3, 8, 8])], [("features", [2, 4])], weights)
save("open_sides", trunk, [(F32, ["batch", 3, "height", "width"])], out, weights)
save("external", trunk, [(F32, ["batch", 3, 8, 8])], out, weights, external="external.bin")
save("escaping", trunk, [(F32, ["batch", 3, 8, 8])], out, weights, external="../mean.onnx")

patches = [
    helper.make_node("Conv", ["image", "w", "b"], ["map"], strides=[4, 4]),
    helper.make_node("Reshape", ["map", "shape"], ["flat"]),
    helper.make_node("Transpose", ["flat"], ["tokens"], perm=[0, 2, 1]),
]
save(
    "tokens",
    patches,
    [(F32, ["batch", 3, 8, 8])],
    [("map", ["batch", 5, 2, 2]), ("tokens", ["batch", 4, 5])],
    {"w": w4, "b": b4, "shape": np.array([0, 5, 4], np.int64)},
)

save(
    "vector",
    [helper.make_node("MatMul", ["image", "m"], ["features"])],
    [(F32, ["batch", 12])],
    [("features", ["batch", 2])],
    {"m": rng.normal(size=(12, 2)).astype(np.float32)},
)
save(
    "double",
    [
        helper.make_node("Cast", ["image"], ["single"], to=F32),
        helper.make_node("GlobalAveragePool", ["single"], ["pool"]),
        helper.make_node("Flatten", ["pool"], ["features"]),
    ],
    [(TensorProto.DOUBLE, ["batch", 3, 8, 8])],
    [("features", ["batch", 3])],
    {},
)
# The logarithm of a negative mean is NaN.
save(
    "log",
    [
        helper.make_node("GlobalAveragePool", ["image"], ["pool"]),
        helper.make_node("Log", ["pool"], ["log"]),
        helper.make_node("Flatten", ["log"], ["features"]),
    ],
    [(F32, ["batch", 3, 8, 8])],
    [("features", ["batch", 3])],
    {},
)

golden = {"mean": [], "map_mean": [], "tokens_mean": [], "tokens_cls": []}
for seed in range(3):
    x = (picture(3, 8, 8, seed) - 127.0) / 128.0
    golden["mean"].append(np.maximum(conv(x, w, b, pad=1), 0).mean((1, 2)).tolist())
    patch_map = conv(x, w4, b4, stride=4)
    golden["map_mean"].append(patch_map.mean((1, 2)).tolist())
    golden["tokens_mean"].append(patch_map.reshape(5, 4).mean(1).tolist())
    golden["tokens_cls"].append(patch_map.reshape(5, 4)[:, 0].tolist())

# Resampling: Pillow's bicubic on float pixels, which neither rounds nor clips.
golden["resize"] = [
    {
        "from": source,
        "to": target,
        # The same on bytes: Pillow rounds and clips after each of its two passes.
        "eight_bit": np.asarray(
            Image.fromarray(picture(1, source, source, 5)[0].astype(np.uint8)).resize(
                (target, target), Image.Resampling.BICUBIC
            )
        )
        .ravel()
        .tolist(),
        "pixels": np.asarray(
            Image.fromarray(picture(1, source, source, 5)[0]).resize((target, target), Image.Resampling.BICUBIC)
        )
        .ravel()
        .tolist(),
    }
    for source, target in ((11, 5), (5, 12), (16, 7))
]

# Normalisations of one picture of two bands, 10 x 10.
x = picture(2, 10, 10, 7).astype(np.float64)
ring = np.ones((10, 10), bool)
ring[1:-1, 1:-1] = False


def asinh(values, sky):
    sigma = 1.4826 * np.median(np.abs(sky - np.median(sky)))
    return np.arcsinh((values - np.median(sky)) / sigma / 0.5) / 3


def percentile(values, of):
    low, high = np.percentile(of, [2, 98])
    return np.clip((values - low) / (high - low), 0, 1)


golden["normalised"] = {
    "asinh": np.concatenate([asinh(band, band[ring]).ravel() for band in x]).tolist(),
    "asinh_joint_all": asinh(x, x.ravel()).ravel().tolist(),
    "percentile": np.concatenate([percentile(band, band).ravel() for band in x]).tolist(),
    "percentile_joint": percentile(x, x).ravel().tolist(),
    "max_joint": (x / x.max()).ravel().tolist(),
}

(HERE / "golden.json").write_text(
    json.dumps(json.loads(json.dumps(golden), parse_float=lambda t: float(f"{float(t):.7g}"))) + "\n"
)

"""Small networks as ONNX files, and a trivial adapter that understands one of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.adapters import Adapter, TensorPattern
from models.backends.backend import Network
from models.manifest import Manifest
from models.preprocessing import PreparedImage, Preprocessing
from models.roles import DepthMap, Detections
from rt_control.errors import InputError

Shape = Sequence[int | str]
TYPES = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "int64": TensorProto.INT64}


def tensor(name: str, shape: Shape, dtype: str = "float32") -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TYPES[dtype], list(shape))


def save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    weights: dict[str, np.ndarray] | None = None,
) -> Path:
    initializers = [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()]
    graph = helper.make_graph(nodes, "small", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def affine(path: Path, factor: float = 2.0, size: int = 3) -> Path:
    """y = factor * x + 1; x (batch, size)."""
    weights = {"factor": np.full(1, factor, np.float32), "one": np.ones(1, np.float32)}
    nodes = [helper.make_node("Mul", ["x", "factor"], ["fx"]), helper.make_node("Add", ["fx", "one"], ["y"])]
    return save(path, nodes, [tensor("x", ("batch", size))], [tensor("y", ("batch", size))], weights)


def sum_and_product(path: Path) -> Path:
    """Two inputs, two outputs: a + b and a * b; (n, 2) each."""
    nodes = [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Mul", ["a", "b"], ["product"])]
    shape = ("n", 2)
    return save(path, nodes, [tensor("a", shape), tensor("b", shape)], [tensor("sum", shape), tensor("product", shape)])


def convolution(path: Path) -> Path:
    """A fixed 3 x 3 mean over one channel, and the position of its largest value."""
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["map"], pads=[1, 1, 1, 1]),
        helper.make_node("Flatten", ["map"], ["flat"]),
        helper.make_node("ArgMax", ["flat"], ["best"], axis=1, keepdims=0),
    ]
    weights = {"kernel": np.full((1, 1, 3, 3), 1.0 / 9.0, np.float32)}
    return save(
        path, nodes, [tensor("image", (1, 1, 4, 5))], [tensor("map", (1, 1, 4, 5)), tensor("best", (1,), "int64")],
        weights,
    )  # fmt: skip


def vision(path: Path, shift: float = 0.0, channels: int = 3) -> Path:
    """Of an image (1, 3, 4, 4): the mean of each channel, and the mean over the channels (+ shift)."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["scores"], axes=[2, 3], keepdims=0),
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("Add", ["mean", "shift"], ["depth"]),
    ]
    return save(
        path, nodes, [tensor("image", (1, channels, 4, 4))],
        [tensor("scores", (1, channels)), tensor("depth", (1, 4, 4))], {"shift": np.array([shift], np.float32)},
    )  # fmt: skip


class Vision:
    """Fills `detector` and `depth` from `vision`: one thing as large as the image."""

    def __init__(self, network: Network, manifest: Manifest) -> None:
        if len(manifest.class_names) not in (0, 3):
            raise InputError(f"class_names: {len(manifest.class_names)} of them; allowed: 3 or none")
        self.network = network
        self.manifest = manifest
        self.names = tuple(manifest.class_names) or ("red", "green", "blue")

    def detect(self, image: PreparedImage) -> Detections:
        values, _ = image.whole(self.manifest.image_preprocessing)
        scores = self.network.run({"image": values})["scores"][0]
        best = int(scores.argmax())
        box = np.array([[0.0, 0.0, image.width, image.height]], np.float32)
        return Detections(box, scores[best : best + 1].astype(np.float32), np.array([best]), self.names)

    def estimate(self, image: PreparedImage) -> DepthMap:
        values, _ = image.whole(self.manifest.image_preprocessing)
        return DepthMap(self.network.run({"image": values})["depth"][0].astype(np.float32), metric=True)


VISION = Adapter(
    name="test_vision",
    roles=("detector", "depth"),
    inputs=(TensorPattern((1, 3, "h", "w")),),
    outputs=(TensorPattern((1, 3), name="scores"), TensorPattern((1, "h", "w"), name="depth")),
    make=Vision,
    preprocessing=Preprocessing(width=4, height=4),
    postprocessing={"threshold": 0.5},
)
EMBEDDING = Adapter(
    name="test_embedding",
    roles=("features",),
    inputs=(TensorPattern(("n", "size")),),
    outputs=(TensorPattern(("n", "size")),),
    make=lambda network, manifest: network,
)
ADAPTERS = {item.name: item for item in (VISION, EMBEDDING)}

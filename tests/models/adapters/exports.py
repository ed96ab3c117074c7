"""Random-weight ONNX files with exactly the signatures of the networks that the adapters understand.

They compute nothing useful, but they take and give what the real ones do: names, types, shapes, value ranges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shape = Sequence[int | str]


class Graph:
    """Collects nodes and weights of one file."""

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self._names = 0

    def node(self, kind: str, *inputs: str, to: str | None = None, **attributes: Any) -> str:
        self._names += 1
        name = to or f"v{self._names}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, values: np.ndarray) -> str:
        self._names += 1
        self._weights.append(numpy_helper.from_array(values, f"c{self._names}"))
        return f"c{self._names}"

    def weights(self, *shape: int) -> str:
        scale = 1.0 / np.sqrt(np.prod(shape[1:], initial=1.0))
        return self.constant((scale * self._random.standard_normal(shape)).astype(np.float32))

    def reshape(self, value: str, *shape: int, to: str | None = None) -> str:
        return self.node("Reshape", value, self.constant(np.array(shape, dtype=np.int64)), to=to)

    def cells(self, image: str, size: int, channels: int, to: str | None = None, of: int = 3) -> str:
        """Every size x size px of an image as one cell with so many channels."""
        kernel = self.weights(channels, of, size, size)
        return self.node("Conv", image, kernel, strides=[size, size], kernel_shape=[size, size], to=to)

    def scaled(self, value: str, factor: float, to: str | None = None) -> str:
        scales = self.constant(np.array([1.0, 1.0, factor, factor], dtype=np.float32))
        return self.node("Resize", value, "", scales, mode="linear", to=to)

    def cast(self, value: str) -> str:
        """Whole numbers as float32."""
        self._names += 1
        self._nodes.append(helper.make_node("Cast", [value], [f"v{self._names}"], to=TensorProto.FLOAT))
        return f"v{self._names}"

    def part(self, value: str, axis: int, start: int, end: int, to: str | None = None) -> str:
        bounds = [self.constant(np.array([number], dtype=np.int64)) for number in (start, end, axis)]
        return self.node("Slice", value, *bounds, to=to)

    def save(
        self, path: Path, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape], labels: Sequence[str] = ()
    ) -> Path:
        """Write the file; inputs named in `labels` are int64."""
        kinds = {name: TensorProto.INT64 if name in labels else TensorProto.FLOAT for name in inputs}
        graph = helper.make_graph(
            self._nodes,
            "random",
            [helper.make_tensor_value_info(name, kinds[name], list(shape)) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in outputs.items()],
            self._weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString())
        return path


def yolo_raw(path: Path, classes: int = 80, width: int = 640, height: int = 640) -> Path:
    graph = Graph()
    levels = [graph.reshape(graph.cells("images", stride, 4 + classes), 1, 4 + classes, -1) for stride in (8, 16, 32)]
    rows = graph.node("Concat", *levels, axis=2)
    places = graph.node("Sigmoid", graph.part(rows, 1, 0, 4))
    places = graph.node("Mul", places, graph.constant(np.array([[width], [height], [200], [200]], dtype=np.float32)))
    scores = graph.node("Sigmoid", graph.part(rows, 1, 4, 4 + classes))
    graph.node("Concat", places, scores, axis=1, to="output0")
    anchors = sum((width // stride) * (height // stride) for stride in (8, 16, 32))
    return graph.save(path, {"images": (1, 3, height, width)}, {"output0": (1, 4 + classes, anchors)})


def yolo_end_to_end(path: Path, classes: int = 80, size: int = 640) -> Path:
    graph = Graph()
    cells = graph.part(graph.reshape(graph.cells("images", 32, 6), 1, 6, -1), 2, 0, 300)
    rows = graph.node("Sigmoid", graph.node("Transpose", cells, perm=[0, 2, 1]))
    corner = graph.node("Mul", graph.part(rows, 2, 0, 2), graph.constant(np.array([size / 2], dtype=np.float32)))
    extent = graph.node("Mul", graph.part(rows, 2, 2, 4), graph.constant(np.array([size / 2], dtype=np.float32)))
    label = graph.node(
        "Round", graph.node("Mul", graph.part(rows, 2, 5, 6), graph.constant(np.array([classes - 1], dtype=np.float32)))
    )
    graph.node(
        "Concat", corner, graph.node("Add", corner, extent), graph.part(rows, 2, 4, 5), label, axis=2, to="output0"
    )
    return graph.save(path, {"images": (1, 3, size, size)}, {"output0": (1, 300, 6)})


def depth_anything(path: Path, width: int = 686, height: int = 518) -> Path:
    graph = Graph()
    patches = graph.node("Relu", graph.cells("pixel_values", 14, 1))
    graph.node(
        "Squeeze", graph.scaled(patches, 14.0), graph.constant(np.array([1], dtype=np.int64)), to="predicted_depth"
    )
    return graph.save(path, {"pixel_values": (1, 3, height, width)}, {"predicted_depth": (1, height, width)})


def dinov3(path: Path, width: int = 320, height: int = 240, size: int = 384, free: bool = False) -> Path:
    graph = Graph()
    patches = graph.reshape(graph.cells("pixel_values", 16, size), 1, size, -1)
    tokens = graph.node("Transpose", patches, perm=[0, 2, 1])
    graph.node("Concat", graph.weights(1, 5, size), tokens, axis=1, to="last_hidden_state")
    graph.part("last_hidden_state", 1, 0, 1, to="pooler_output")
    count: int | str = "tokens" if free else 5 + width * height // 256
    sides: Shape = ("height", "width") if free else (height, width)
    outputs: dict[str, Shape] = {"last_hidden_state": (1, count, size), "pooler_output": (1, 1, size)}
    return graph.save(path, {"pixel_values": (1, 3, *sides)}, outputs)


def rtmpose(path: Path, points: int = 17, batch: int | str = "batch") -> Path:
    graph = Graph()
    feature = graph.node("Flatten", graph.node("GlobalAveragePool", graph.cells("input", 32, 64)))
    for axis, bins in (("x", 384), ("y", 512)):
        rows = graph.node("MatMul", feature, graph.weights(64, points * bins))
        graph.reshape(rows, -1, points, bins, to=f"simcc_{axis}")
    outputs = {"simcc_x": (batch, points, 384), "simcc_y": (batch, points, 512)}
    return graph.save(path, {"input": (batch, 3, 256, 192)}, outputs)


def vjepa2(path: Path, images: int = 16, size: int = 64, predicts: bool = True) -> Path:
    graph = Graph()
    clip = graph.node("Transpose", "pixel_values_videos", perm=[0, 2, 1, 3, 4])
    kernel = graph.weights(size, 3, 2, 16, 16)
    cells = graph.node("Conv", clip, kernel, strides=[2, 16, 16], kernel_shape=[2, 16, 16])
    graph.node("Transpose", graph.reshape(cells, 1, size, -1), perm=[0, 2, 1], to="last_hidden_state")
    count = images // 2 * 256
    outputs: dict[str, Shape] = {"last_hidden_state": (1, count, size)}
    if predicts:
        graph.part("last_hidden_state", 1, 0, count // 2, to="predicted_hidden_state")
        outputs["predicted_hidden_state"] = (1, count // 2, size)
    return graph.save(path, {"pixel_values_videos": (1, images, 3, 256, 256)}, outputs)


def sam3_encoder(path: Path) -> Path:
    """As onnx-community/sam3-tracker-ONNX names its tensors."""
    graph = Graph()
    graph.cells("pixel_values", 14, 256, to="image_embeddings.2")
    graph.cells(graph.scaled("image_embeddings.2", 2.0), 1, 64, to="image_embeddings.1", of=256)
    graph.cells(graph.scaled("image_embeddings.1", 2.0), 1, 32, to="image_embeddings.0", of=64)
    shapes = {f"image_embeddings.{index}": shape for index, shape in enumerate(SAM3_EMBEDDINGS)}
    return graph.save(path, {"pixel_values": (1, 3, 1008, 1008)}, shapes)


SAM3_EMBEDDINGS = ((1, 32, 288, 288), (1, 64, 144, 144), (1, 256, 72, 72))


def sam3_decoder(path: Path) -> Path:
    """As onnx-community/sam3-tracker-ONNX names its tensors; everything that goes in counts for something."""
    graph = Graph(1)
    boxes = graph.node("Div", "input_boxes", graph.constant(np.array([1008.0], dtype=np.float32)))
    tokens = graph.node("MatMul", boxes, graph.weights(4, 96))
    labels = graph.cast("input_labels")
    for name in ("input_points", labels, "image_embeddings.1", "image_embeddings.2"):
        tokens = graph.node("Add", tokens, graph.node("ReduceSum", name, keepdims=0))
    pixels = graph.reshape("image_embeddings.0", 1, 32, -1)
    masks = graph.node("MatMul", graph.reshape(tokens, 1, -1, 32), pixels)
    graph.reshape(masks, 1, -1, 3, 288, 288, to="pred_masks")
    graph.node("Sigmoid", graph.node("MatMul", boxes, graph.weights(4, 3)), to="iou_scores")
    graph.node("MatMul", boxes, graph.weights(4, 1), to="object_score_logits")
    inputs: dict[str, Shape] = {f"image_embeddings.{index}": shape for index, shape in enumerate(SAM3_EMBEDDINGS)}
    inputs |= {"input_points": (1, 1, "points", 2), "input_labels": (1, 1, "points"), "input_boxes": (1, "boxes", 4)}
    outputs: dict[str, Shape] = {
        "pred_masks": (1, "boxes", 3, 288, 288),
        "iou_scores": (1, "boxes", 3),
        "object_score_logits": (1, "boxes", 1),
    }
    return graph.save(path, inputs, outputs, labels=["input_labels"])


def dynamical_level1(path: Path, classes: int = 5) -> Path:
    graph = Graph()
    cells = graph.cells("image", 4, classes + 5)
    graph.part(cells, 1, 0, classes, to="heat")
    graph.part(cells, 1, classes, classes + 4, to="box")
    graph.part(cells, 1, classes + 4, classes + 5, to="log_depth")
    outputs = {"heat": (1, classes, 60, 80), "box": (1, 4, 60, 80), "log_depth": (1, 1, 60, 80)}
    return graph.save(path, {"image": (1, 3, 240, 320)}, outputs)


def dynamical_level2(path: Path, classes: int = 4, batch: int | str = "n") -> Path:
    graph = Graph()
    graph.cells("crops", 2, 1, to="mask_logits")
    feature = graph.node("Flatten", graph.cells("crops", 16, 16))
    rows = {
        "embedding": (64,),
        "class_logits": (classes,),
        "simcc_x": (9, 128),
        "simcc_y": (9, 128),
        "log_extents": (3,),
    }
    for name, shape in rows.items():
        graph.reshape(graph.node("MatMul", feature, graph.weights(256, int(np.prod(shape)))), -1, *shape, to=name)
    outputs: dict[str, Shape] = {name: (batch, *rows[name]) for name in ("embedding", "class_logits")}
    outputs["mask_logits"] = (batch, 1, 32, 32)
    outputs |= {name: (batch, *rows[name]) for name in ("simcc_x", "simcc_y", "log_extents")}
    return graph.save(path, {"crops": (batch, 3, 64, 64)}, outputs)

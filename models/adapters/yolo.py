"""YOLO as Ultralytics exports it for detection.

Signature, from https://docs.ultralytics.com/guides/end2end-detection and the exporter of ultralytics/ultralytics:
`images` (1, 3, h, w), RGB 0..1, letterboxed with grey 114, to `output0` in one of two forms, told apart by shape:

- raw (YOLOv8, YOLO11; `end2end=False`): (1, 4 + classes, anchors): centre, width and height px of the input, then the
  classes' scores after the sigmoid. Boxes still overlap: suppressed here, class by class.
- end to end (YOLOv10, YOLO26, and exports with `nms=True`): (1, count, 6): left, top, right, bottom px of the input,
  score, class; rows that are not used have score 0. Nothing overlaps any more.

Not covered: segmentation, pose and oriented boxes (their rows are longer, so they are refused), 16-bit inputs.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from models.adapters.adapter import Adapter, TensorPattern
from models.adapters.outputs import CheckedNetwork
from models.adapters.suitability import parameters_of, require_classes, require_size, size_of_output
from models.adapters.suppression import suppress
from models.backends.backend import Network
from models.errors import ModelOutputError
from models.manifest import Manifest
from models.preprocessing import PreparedImage, Preprocessing
from models.roles import Detections
from rt_control.errors import InputError

Floats = npt.NDArray[np.float32]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
END_TO_END_COLUMNS = 6
STRIDE = 32  # of the coarsest level; the input's sides are multiples of it
MAX_CANDIDATES = 1000  # for suppression; its time grows with them


class YoloParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Postprocessing; the defaults are those of Ultralytics' `predict`.

    Attributes:
        score_floor: what scores no more is dropped.
        max_overlap: intersection over union of two boxes of one class that are kept both; raw form only.
        max_count: of detections.
    """

    score_floor: Share = 0.25
    max_overlap: Share = 0.7
    max_count: Annotated[int, msgspec.Meta(ge=1)] = 300


class Yolo:
    """A detector."""

    def __init__(self, network: Network, manifest: Manifest) -> None:
        self._how = manifest.image_preprocessing
        self._names = tuple(manifest.class_names)
        self._parameters = parameters_of(manifest, YoloParameters)
        self._network = CheckedNetwork(network, "images", {"output0": (None, None)})

    def detect(self, image: PreparedImage) -> Detections:
        """Look at the whole image.

        Raises:
            ModelOutputError: nothing can be made of what the network gave.
        """
        inputs, placement = image.whole(self._how)
        boxes, scores, labels = self._decode(self._network.run(inputs)["output0"][0])
        boxes = placement.boxes_to_image(boxes)
        limit = np.array([image.width, image.height] * 2, dtype=np.float32)
        boxes = np.clip(boxes, 0.0, limit)
        seen = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        return Detections(boxes[seen], scores[seen], labels[seen], self._names)

    def _decode(self, output: Floats) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
        """Boxes (n, 4) px of the input, scores (n,) and labels (n,), best first, from either form."""
        if output.shape[1] == END_TO_END_COLUMNS:
            return decode_end_to_end(output, len(self._names), self._parameters)
        if output.shape[0] != 4 + len(self._names):
            raise ModelOutputError(
                f"output 'output0' has shape {(1, *output.shape)}; allowed for {len(self._names)} classes: "
                f"(1, {4 + len(self._names)}, anchors) or (1, count, {END_TO_END_COLUMNS})"
            )
        return decode_raw(output, self._parameters)


def decode_raw(output: Floats, parameters: YoloParameters) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    """The raw form (4 + classes, anchors) as boxes (n, 4) px of the input, scores (n,) and labels (n,), best first."""
    best = output[4:].max(axis=0)
    above = np.flatnonzero((best > parameters.score_floor) & (output[2:4] > 0.0).all(axis=0))
    if len(above) > MAX_CANDIDATES:
        above = above[np.argpartition(-best[above], MAX_CANDIDATES)[:MAX_CANDIDATES]]
    above = above[np.argsort(-best[above], kind="stable")]
    labels = output[4:, above].argmax(axis=0)
    centre, half = output[:2, above].T, output[2:4, above].T / 2.0
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    kept = suppress(boxes, best[above], labels, parameters.max_overlap, parameters.max_count)
    return boxes[kept], np.clip(best[above][kept], 0.0, 1.0), labels[kept]


def decode_end_to_end(
    output: Floats, class_count: int, parameters: YoloParameters
) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    """The end-to-end form (count, 6) as boxes (n, 4) px of the input, scores (n,) and labels (n,), best first.

    Raises:
        ModelOutputError: a class is none of those that have names.
    """
    rows = output[output[:, 4] > parameters.score_floor]
    rows = rows[np.argsort(-rows[:, 4], kind="stable")][: parameters.max_count]
    labels = np.rint(rows[:, 5]).astype(np.intp)
    if len(labels) and not 0 <= labels.min() <= labels.max() < class_count:
        raise ModelOutputError(
            f"output 'output0' names classes {labels.min()} to {labels.max()}; allowed: 0 to {class_count - 1}, "
            "those of the manifest's class_names"
        )
    return rows[:, :4].copy(), np.clip(rows[:, 4], 0.0, 1.0), labels


def make(network: Network, manifest: Manifest) -> Yolo:
    """A detector from a network that fits `ADAPTER`.

    Raises:
        InputError: class names, preprocessing or postprocessing do not suit it.
    """
    require_size(manifest, network, "images", multiple_of=STRIDE)
    rows, columns = size_of_output(network, "output0", 1), size_of_output(network, "output0", 2)
    end_to_end = columns == END_TO_END_COLUMNS
    require_classes(manifest, rows - 4 if isinstance(rows, int) and not end_to_end else "its")
    if any(manifest.image_preprocessing.mean) or set(manifest.image_preprocessing.deviation) != {1.0}:
        raise InputError(f"model {manifest.name}, preprocessing: mean or deviation; allowed: none, YOLO takes 0..1")
    return Yolo(network, manifest)


ADAPTER = Adapter(
    name="yolo",
    roles=("detector",),
    inputs=(TensorPattern((1, 3, "height", "width"), name="images"),),
    outputs=(TensorPattern((1, "rows", "columns"), name="output0"),),
    make=make,
    preprocessing=Preprocessing(640, 640, fit="letterbox"),
)

"""The shipped network of the cascade's first level: what is where, and how far, in one run.

Signature: `image` (1, 3, 240, 320), RGB 0..1, to three maps of cells of 4 x 4 px:

- `heat` (1, classes, 60, 80): logits, high where the middle of a thing of that class is;
- `box` (1, 4, 60, 80): log(d / 4) of the distances d, px of the input, from the middle of the cell to the left, top,
  right and bottom edge of the thing, whatever its class;
- `log_depth` (1, 1, 60, 80): log of metres along the optical axis.

A peak of `heat` among its eight neighbours is a thing. People compete with people, everything else with everything
else: what is half a cube and half a box is the better one of them.
"""

from __future__ import annotations

from typing import Annotated

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from models.adapters.adapter import Adapter, TensorPattern
from models.adapters.image_maps import over_image
from models.adapters.logits import sigmoid
from models.adapters.outputs import CheckedNetwork
from models.adapters.suitability import parameters_of, require_classes, require_size, size_of_output
from models.adapters.suppression import suppress
from models.backends.backend import Network
from models.manifest import Manifest
from models.preprocessing import PreparedImage, Preprocessing
from models.roles import DepthMap, Detections

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
WIDTH, HEIGHT, CELL_PX = 320, 240, 4
ROWS, COLUMNS = HEIGHT // CELL_PX, WIDTH // CELL_PX
MIN_LOG, MAX_LOG = -4.0, 5.0  # of `box`; the network was trained within
DEPTH_ROWS = 120
PERSON = "person"
NEIGHBOURS = np.ones((3, 3), dtype=np.uint8)


class Level1Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Postprocessing.

    Attributes:
        score_floor: what scores no more is dropped.
        max_overlap: intersection over union of two boxes that are kept both.
        max_count: of peaks that are looked at, over all classes.
    """

    score_floor: Share = 0.1
    max_overlap: Share = 0.6
    max_count: Annotated[int, msgspec.Meta(ge=1)] = 64


class Level1:
    """A detector and depth estimator; both hand the network the same array, so that `LastRun` runs it once."""

    def __init__(self, network: Network, manifest: Manifest) -> None:
        self._how = manifest.image_preprocessing
        self._names = tuple(manifest.class_names)
        self._parameters = parameters_of(manifest, Level1Parameters)
        self._is_person = np.array([name == PERSON for name in self._names])
        cells = (ROWS, COLUMNS)
        outputs = {"heat": (len(self._names), *cells), "box": (4, *cells), "log_depth": (1, *cells)}
        self._network = CheckedNetwork(network, "image", outputs)

    def detect(self, image: PreparedImage) -> Detections:
        """Look at the whole image.

        Raises:
            ModelOutputError: nothing can be made of what the network gave.
        """
        inputs, placement = image.whole(self._how)
        given = self._network.run(inputs)
        labels, cells, scores = peaks(given["heat"][0], self._parameters.score_floor, self._parameters.max_count)
        boxes = placement.boxes_to_image(boxes_of_cells(given["box"][0], cells))
        boxes = np.clip(boxes, 0.0, np.array([image.width, image.height] * 2, dtype=np.float32))
        groups = self._is_person[labels].astype(np.intp)
        kept = suppress(boxes, scores, groups, self._parameters.max_overlap, self._parameters.max_count)
        return Detections(boxes[kept], scores[kept], labels[kept], self._names)

    def estimate(self, image: PreparedImage) -> DepthMap:
        """Look at the whole image; the map has 120 rows.

        Raises:
            ModelOutputError: nothing can be made of what the network gave.
        """
        inputs, placement = image.whole(self._how)
        log_depth = np.clip(self._network.run(inputs)["log_depth"][0, 0], MIN_LOG, MAX_LOG)
        return DepthMap(over_image(np.exp(log_depth), placement, image, self._how, DEPTH_ROWS), True)


def peaks(heat: Floats, score_floor: float, max_count: int) -> tuple[Indices, Indices, Floats]:
    """Class, cell, counted row by row, and score, (n,) each, of the best maxima of logits (classes, rows, columns)."""
    largest = np.stack([cv2.dilate(plane, NEIGHBOURS) for plane in heat])
    found = np.flatnonzero(heat == largest)
    scores = sigmoid(heat.ravel()[found])
    high = scores > score_floor
    found, scores = found[high], scores[high]
    order = np.argsort(-scores, kind="stable")[:max_count]
    labels, cells = np.divmod(found[order], heat[0].size)
    return labels, cells, scores[order]


def boxes_of_cells(box: Floats, cells: Indices) -> Floats:
    """Boxes (n, 4) px of the input that `box` (4, rows, columns) says at cells (n,), counted row by row."""
    distances = CELL_PX * np.exp(np.clip(box.reshape(4, -1)[:, cells].T, MIN_LOG, MAX_LOG))
    rows, columns = np.divmod(cells, box.shape[2])
    middle = (np.stack([columns, rows], axis=1).astype(np.float32) + 0.5) * CELL_PX
    return np.concatenate([middle - distances[:, :2], middle + distances[:, 2:]], axis=1).astype(np.float32)


def make(network: Network, manifest: Manifest) -> Level1:
    """A detector and depth estimator from a network that fits `ADAPTER`.

    Raises:
        InputError: class names, preprocessing or postprocessing do not suit it.
    """
    require_size(manifest, network, "image")
    require_classes(manifest, size_of_output(network, "heat", 1))
    return Level1(network, manifest)


ADAPTER = Adapter(
    name="dynamical_level1",
    roles=("detector", "depth"),
    inputs=(TensorPattern((1, 3, HEIGHT, WIDTH), name="image"),),
    outputs=(
        TensorPattern((1, "classes", ROWS, COLUMNS), name="heat"),
        TensorPattern((1, 4, ROWS, COLUMNS), name="box"),
        TensorPattern((1, 1, ROWS, COLUMNS), name="log_depth"),
    ),
    make=make,
    preprocessing=Preprocessing(WIDTH, HEIGHT),
)

"""The shipped network of the cascade's second level: what each box shows, in one run for all three questions.

Signature: `crops` (n, 3, 64, 64), RGB 0..1, square windows around boxes, to

- `embedding` (n, 64), of any length; `class_logits` (n, classes);
- `mask_logits` (n, 1, 32, 32), over the window;
- `simcc_x`, `simcc_y` (n, 9, 128): logits of two bins per px of the crop; the middle of bin b is (b + 0.5) / 2 px from
  the window's edge. The points are a box's eight corners, from (-, -, -) to (+, +, +) with the sign of x changing
  slowest, then its centre;
- `log_extents` (n, 3): log of its sizes along its own x, y, z, up to one unknown summand.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

from models.adapters.adapter import Adapter, TensorPattern
from models.adapters.logits import sigmoid, softmax
from models.adapters.outputs import CheckedNetwork
from models.adapters.simcc import points_in_image, soft_maximum
from models.adapters.suitability import NoParameters, parameters_of, require_classes, require_size, size_of_output
from models.backends.backend import Network
from models.errors import ModelOutputError
from models.manifest import Manifest
from models.preprocessing import PreparedImage, Preprocessing
from models.roles import Features, Keypoints, Masks

Floats = npt.NDArray[np.float32]
CROP_PX, MASK_PX, BINS, SIZE = 64, 32, 128, 64
CORNERS: tuple[str, ...] = tuple("".join(signs) for signs in product("-+", repeat=3))  # ---, --+, ..., +++
POINT_NAMES = (*CORNERS, "centre")


class Level2:
    """A feature extractor, segmenter and keypoint estimator.

    All three hand the network the same array for the same boxes, so that `LastRun` runs it once.
    """

    def __init__(self, network: Network, manifest: Manifest) -> None:
        parameters_of(manifest, NoParameters)
        self._how = manifest.image_preprocessing
        self._names = tuple(manifest.class_names)
        bins = (len(POINT_NAMES), BINS)
        self._sizes: dict[str, tuple[int, ...]] = {
            "embedding": (SIZE,),
            "class_logits": (len(self._names),),
            "mask_logits": (1, MASK_PX, MASK_PX),
            "simcc_x": bins,
            "simcc_y": bins,
            "log_extents": (3,),
        }
        self._network = CheckedNetwork(network, "crops", self._sizes)

    def extract(self, image: PreparedImage, boxes: Floats) -> Features:
        """Look into each of the boxes (n, 4); n may be 0, and costs no run then.

        Raises:
            ModelOutputError: nothing can be made of what the network gave.
        """
        given, _ = self._given(image, boxes)
        vectors = given["embedding"]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not (lengths > 0.0).all():
            raise ModelOutputError("output 'embedding': a vector is 0; allowed: a direction")
        return Features(vectors / lengths, softmax(given["class_logits"]), self._names)

    def segment(self, image: PreparedImage, boxes: Floats) -> Masks:
        """Look into each of the boxes (n, 4); n may be 0, and costs no run then.

        A mask's score is the mean probability of the pixels that it takes to be the thing; 0 if it takes none.

        Raises:
            ModelOutputError: nothing can be made of what the network gave.
        """
        given, windows = self._given(image, boxes)
        probability = sigmoid(given["mask_logits"][:, 0])
        inside = probability > 0.5
        counts = inside.sum(axis=(1, 2))
        scores = (probability * inside).sum(axis=(1, 2)) / np.maximum(counts, 1)
        return Masks(probability, windows, scores.astype(np.float32))

    def locate(self, image: PreparedImage, boxes: Floats) -> Keypoints:
        """Look into each of the boxes (n, 4); n may be 0, and costs no run then.

        Raises:
            ModelOutputError: nothing can be made of what the network gave.
        """
        given, windows = self._given(image, boxes)
        (bins_x, sure_x), (bins_y, sure_y) = soft_maximum(given["simcc_x"]), soft_maximum(given["simcc_y"])
        points = points_in_image(bins_x, bins_y, (BINS, BINS), 0.5, windows)
        log_extents = given["log_extents"]
        extents = np.exp(log_extents - log_extents.max(axis=1, keepdims=True))
        return Keypoints(points, np.minimum(sure_x, sure_y), POINT_NAMES, extents)

    def _given(self, image: PreparedImage, boxes: Floats) -> tuple[dict[str, Floats], Floats]:
        """The network's outputs for boxes (n, 4), and their windows (n, 4) px."""
        crops, windows = image.crops(boxes, self._how)
        if len(crops):
            return self._network.run(crops), windows
        return {name: np.empty((0, *sizes), dtype=np.float32) for name, sizes in self._sizes.items()}, windows


def make(network: Network, manifest: Manifest) -> Level2:
    """What fills all three roles, from a network that fits `ADAPTER`.

    Raises:
        InputError: class names, preprocessing or postprocessing do not suit it.
    """
    require_size(manifest, network, "crops")
    require_classes(manifest, size_of_output(network, "class_logits", 1))
    return Level2(network, manifest)


ADAPTER = Adapter(
    name="dynamical_level2",
    roles=("features", "masks", "pose"),
    inputs=(TensorPattern(("n", 3, CROP_PX, CROP_PX), name="crops"),),
    outputs=(
        TensorPattern(("n", SIZE), name="embedding"),
        TensorPattern(("n", "classes"), name="class_logits"),
        TensorPattern(("n", 1, MASK_PX, MASK_PX), name="mask_logits"),
        TensorPattern(("n", len(POINT_NAMES), BINS), name="simcc_x"),
        TensorPattern(("n", len(POINT_NAMES), BINS), name="simcc_y"),
        TensorPattern(("n", 3), name="log_extents"),
    ),
    make=make,
    preprocessing=Preprocessing(CROP_PX, CROP_PX, margin=0.35),
)

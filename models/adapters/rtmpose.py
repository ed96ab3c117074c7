"""RTMPose as MMDeploy exports it (configs/mmpose/pose-detection_simcc_onnxruntime_dynamic.py of open-mmlab/mmdeploy).

Signature: `input` (n, 3, 256, 192), RGB, mean (123.675, 116.28, 103.53) and deviation (58.395, 57.12, 57.375) of values
0..255, which are ImageNet's of values 0..1, to `simcc_x` (n, k, 2 * 192) and `simcc_y` (n, k, 2 * 256). The best bin b
of an axis is pixel b / 2, counted from the centre of pixel 0; its value, the smaller one of both axes, is the score
(`get_simcc_maximum` of open-mmlab/mmpose; not calibrated, clipped to 0..1 here). Boxes are widened by 1.25 and made
3:4: `window = "aspect"` and `margin = 0.125`.

Beyond the image's edge its last pixels are repeated, where RTMPose was trained with black.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from models.adapters.adapter import Adapter, TensorPattern
from models.adapters.normalisation import IMAGENET_DEVIATION, IMAGENET_MEAN
from models.adapters.outputs import CheckedNetwork
from models.adapters.simcc import hard_maximum, points_in_image
from models.adapters.suitability import parameters_of, require_size, size_of_output
from models.backends.backend import Network
from models.manifest import Manifest
from models.preprocessing import PreparedImage, Preprocessing
from models.roles import Keypoints
from rt_control.errors import InputError

Floats = npt.NDArray[np.float32]
SPLIT_RATIO = 2  # bins per px of the input


class RtmPoseParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Postprocessing.

    Attributes:
        keypoint_names: in the order of the network's keypoints.
    """

    keypoint_names: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class RtmPose:
    """A keypoint estimator."""

    def __init__(self, network: Network, manifest: Manifest) -> None:
        self._how = manifest.image_preprocessing
        self._names = parameters_of(manifest, RtmPoseParameters).keypoint_names
        self._counts = (SPLIT_RATIO * self._how.width, SPLIT_RATIO * self._how.height)
        outputs = {"simcc_x": (len(self._names), self._counts[0]), "simcc_y": (len(self._names), self._counts[1])}
        self._network = CheckedNetwork(network, "input", outputs)

    def locate(self, image: PreparedImage, boxes: Floats) -> Keypoints:
        """Look into each of the boxes (n, 4); n may be 0, and costs no run then.

        Raises:
            ModelOutputError: nothing can be made of what the network gave.
        """
        inputs, windows = image.crops(boxes, self._how)
        if not len(inputs):
            return Keypoints(
                np.empty((0, len(self._names), 2), dtype=np.float32),
                np.empty((0, len(self._names)), dtype=np.float32),
                self._names,
            )
        given = self._network.run(inputs)
        (bins_x, best_x), (bins_y, best_y) = hard_maximum(given["simcc_x"]), hard_maximum(given["simcc_y"])
        # Bin 0 is the centre of pixel 0: half a pixel, SPLIT_RATIO / 2 bins, from the window's edge.
        points = points_in_image(bins_x, bins_y, self._counts, SPLIT_RATIO / 2, windows)
        return Keypoints(points, np.clip(np.minimum(best_x, best_y), 0.0, 1.0), self._names)


def make(network: Network, manifest: Manifest) -> RtmPose:
    """A keypoint estimator from a network that fits `ADAPTER`.

    Raises:
        InputError: preprocessing or postprocessing do not suit it.
    """
    require_size(manifest, network, "input")
    if manifest.image_preprocessing.window != "aspect":
        raise InputError(
            f"model {manifest.name}, preprocessing: window {manifest.image_preprocessing.window!r}; allowed: 'aspect', "
            "RTMPose was trained on boxes that are not distorted"
        )
    count = size_of_output(network, "simcc_x", 1)
    named = len(parameters_of(manifest, RtmPoseParameters).keypoint_names)
    if isinstance(count, int) and count != named:
        raise InputError(f"model {manifest.name}, postprocessing: {named} keypoint_names; allowed: {count}")
    return RtmPose(network, manifest)


ADAPTER = Adapter(
    name="rtmpose",
    roles=("pose",),
    inputs=(TensorPattern(("n", 3, "height", "width"), name="input"),),
    outputs=(
        TensorPattern(("n", "points", "bins_x"), name="simcc_x"),
        TensorPattern(("n", "points", "bins_y"), name="simcc_y"),
    ),
    make=make,
    preprocessing=Preprocessing(
        192, 256, mean=IMAGENET_MEAN, deviation=IMAGENET_DEVIATION, margin=0.125, window="aspect"
    ),
)

"""Depth Anything V2 as Hugging Face's `DepthAnythingForDepthEstimation` is exported.

Signature: `pixel_values` (1, 3, h, w), h and w multiples of 14, ImageNet's mean and deviation, to `predicted_depth`
(1, h, w). The base models give relative inverse depth, larger is nearer
(https://github.com/DepthAnything/Depth-Anything-V2); those named `Metric` give metres
(its folder metric_depth). The file does not say which, so the manifest must.

The processor of Hugging Face keeps the aspect and makes the shorter side 518 px; for a camera of 4:3 that is
686 x 518 with `stretch`. It interpolates bicubically, `models.preprocessing` does not.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from models.adapters.adapter import Adapter, TensorPattern
from models.adapters.image_maps import over_image
from models.adapters.normalisation import IMAGENET_DEVIATION, IMAGENET_MEAN
from models.adapters.outputs import CheckedNetwork
from models.adapters.suitability import parameters_of, require_size
from models.backends.backend import Network
from models.errors import ModelOutputError
from models.manifest import Manifest
from models.preprocessing import PreparedImage, Preprocessing
from models.roles import DepthMap

Floats = npt.NDArray[np.float32]
PATCH_PX = 14
FARTHEST = 1e-3  # of the largest inverse depth; what lies farther (the sky has 0) counts as that far


class DepthAnythingParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Postprocessing.

    Attributes:
        metric: whether the network gives metres (the Metric models) or relative inverse depth (the base models).
    """

    metric: bool


class DepthAnything:
    """A depth estimator."""

    def __init__(self, network: Network, manifest: Manifest) -> None:
        self._how = manifest.image_preprocessing
        self._metric = parameters_of(manifest, DepthAnythingParameters).metric
        self._network = CheckedNetwork(
            network, "pixel_values", {"predicted_depth": (self._how.height, self._how.width)}
        )

    def estimate(self, image: PreparedImage) -> DepthMap:
        """Look at the whole image; the map has as many rows as the image has in the input.

        Raises:
            ModelOutputError: nothing can be made of what the network gave.
        """
        inputs, placement = image.whole(self._how)
        values = self._network.run(inputs)["predicted_depth"][0]
        rows = max(1, round(placement.scale_y * image.height))
        # Interpolated before it is inverted: inverse depth is what the network is linear in.
        values = over_image(values, placement, image, self._how, rows)
        return DepthMap(values if self._metric else depth_from_inverse(values), self._metric)


def depth_from_inverse(inverse: Floats) -> Floats:
    """Depth from inverse depth, both of an unknown scale.

    Raises:
        ModelOutputError: no value is positive.
    """
    largest = float(inverse.max())
    if largest <= 0.0:
        raise ModelOutputError(f"output 'predicted_depth': largest inverse depth {largest:g}; allowed: > 0")
    return (1.0 / np.maximum(inverse, FARTHEST * largest)).astype(np.float32)


def make(network: Network, manifest: Manifest) -> DepthAnything:
    """A depth estimator from a network that fits `ADAPTER`.

    Raises:
        InputError: preprocessing or postprocessing do not suit it.
    """
    require_size(manifest, network, "pixel_values", multiple_of=PATCH_PX)
    return DepthAnything(network, manifest)


ADAPTER = Adapter(
    name="depth_anything_v2",
    roles=("depth",),
    inputs=(TensorPattern((1, 3, "height", "width"), name="pixel_values"),),
    outputs=(TensorPattern((1, "height", "width"), name="predicted_depth"),),
    make=make,
    preprocessing=Preprocessing(686, 518, mean=IMAGENET_MEAN, deviation=IMAGENET_DEVIATION),
)

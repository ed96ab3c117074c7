"""DINOv3's vision transformers as Hugging Face's `DINOv3ViTModel` is exported.

Signature: `pixel_values` (1, 3, h, w), h and w multiples of 16, ImageNet's mean and deviation, to `last_hidden_state`
(1, 5 + h/16 * w/16, d): the class token, four registers, then the patches row by row
(https://huggingface.co/docs/transformers/model_doc/dinov3). `pooler_output` is ignored.

A box's vector is the mean of the patches under it, each weighted by how much of it the box covers. The other way, the
class token of a crop, costs a run for each box; this one costs one for each image, whatever is in it, and DINOv3 was
trained for its patches to mean something by themselves. Its price: a box smaller than a patch is seen at the resolution
of one patch, so small things want a larger input.

Not covered: the ConvNeXt models, which have no registers and stride 32.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.adapters.adapter import Adapter, TensorPattern
from models.adapters.normalisation import IMAGENET_DEVIATION, IMAGENET_MEAN
from models.adapters.outputs import CheckedNetwork
from models.adapters.suitability import NoParameters, parameters_of, require_size, size_of_output
from models.backends.backend import Network
from models.errors import ModelOutputError
from models.manifest import Manifest
from models.preprocessing import PreparedImage, Preprocessing
from models.roles import Features
from rt_control.errors import InputError

Floats = npt.NDArray[np.float32]
PATCH_PX = 16
LEADING_TOKENS = 5  # the class token and four registers


class DinoV3:
    """A feature extractor."""

    def __init__(self, network: Network, manifest: Manifest) -> None:
        parameters_of(manifest, NoParameters)
        self._how = manifest.image_preprocessing
        self._grid = (self._how.height // PATCH_PX, self._how.width // PATCH_PX)
        tokens = LEADING_TOKENS + self._grid[0] * self._grid[1]
        self._network = CheckedNetwork(network, "pixel_values", {"last_hidden_state": (tokens, None)})
        size = size_of_output(network, "last_hidden_state", 2)
        self._size = size if isinstance(size, int) else 0

    def extract(self, image: PreparedImage, boxes: Floats) -> Features:
        """Look into each of the boxes (n, 4); n may be 0, and costs no run then.

        Raises:
            ValueError: a box does not reach into the image.
            ModelOutputError: nothing can be made of what the network gave.
        """
        boxes = np.asarray(boxes, dtype=np.float32).reshape(-1, 4)
        if not len(boxes):
            return Features(np.empty((0, self._size), dtype=np.float32))
        inside = np.clip(boxes, 0.0, np.array([image.width, image.height] * 2, dtype=np.float32))
        outside = np.flatnonzero((inside[:, 2:] <= inside[:, :2]).any(axis=1))
        if outside.size:
            box = boxes[outside[0]].tolist()
            raise ValueError(
                f"box {box} in an image of {image.width} x {image.height} px; allowed: one that covers some of it"
            )
        inputs, placement = image.whole(self._how)
        tokens = self._network.run(inputs)["last_hidden_state"][0]
        patches = tokens[LEADING_TOKENS:].reshape(*self._grid, -1)
        return Features(pooled(patches, placement.boxes_to_input(inside) / np.float32(PATCH_PX)))


def pooled(patches: Floats, boxes: Floats) -> Floats:
    """Mean of patches (rows, columns, d) under each of the boxes (n, 4), in patches, as (n, d) of length 1.

    Raises:
        ModelOutputError: a mean is zero.
    """
    rows = _covered(boxes[:, 1], boxes[:, 3], patches.shape[0])
    columns = _covered(boxes[:, 0], boxes[:, 2], patches.shape[1])
    sums: Floats = np.einsum("nr,nc,rcd->nd", rows, columns, patches, optimize=True)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    if not (lengths > 0.0).all():
        raise ModelOutputError("output 'last_hidden_state': the patches of a box have mean 0; allowed: a direction")
    vectors: Floats = (sums / lengths).astype(np.float32)
    return vectors


def _covered(start: Floats, end: Floats, count: int) -> Floats:
    """How much of each of `count` cells lies between start (n,) and end (n,), as (n, count)."""
    edges = np.arange(count, dtype=np.float32)
    covered: Floats = np.minimum(end[:, None], edges + 1.0) - np.maximum(start[:, None], edges)
    return np.maximum(covered, np.float32(0.0))


def make(network: Network, manifest: Manifest) -> DinoV3:
    """A feature extractor from a network that fits `ADAPTER`.

    Raises:
        InputError: preprocessing or postprocessing do not suit it.
    """
    require_size(manifest, network, "pixel_values", multiple_of=PATCH_PX)
    how, tokens = manifest.image_preprocessing, size_of_output(network, "last_hidden_state", 1)
    expected = LEADING_TOKENS + how.width * how.height // PATCH_PX**2
    if isinstance(tokens, int) and tokens != expected:
        raise InputError(
            f"model {manifest.name}: {tokens} tokens for {how.width} x {how.height} px; allowed: {expected}, those of "
            f"a DINOv3 vision transformer with patches of {PATCH_PX} px, a class token and 4 registers"
        )
    return DinoV3(network, manifest)


ADAPTER = Adapter(
    name="dinov3",
    roles=("features",),
    inputs=(TensorPattern((1, 3, "height", "width"), name="pixel_values"),),
    outputs=(TensorPattern((1, "tokens", "size"), name="last_hidden_state"),),
    make=make,
    preprocessing=Preprocessing(640, 480, mean=IMAGENET_MEAN, deviation=IMAGENET_DEVIATION),
)

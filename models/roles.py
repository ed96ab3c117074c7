"""What a model is for: the typed contract of each role, whatever network fills it.

Boxes are (left, top, right, bottom) in px of the image, as edges: pixel i covers [i, i + 1). Points are in px with the
centres of pixels at whole numbers, as in `perception.frames`. Arrays of results are read-only.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from models.preprocessing import PreparedImage

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
Role = Literal["detector", "depth", "features", "masks", "pose", "scene", "policy"]
ROLES: tuple[Role, ...] = get_args(Role)


class _ReadOnly:
    """Makes the arrays of a result read-only."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Detections(_ReadOnly):
    """What is where in one image, best score first.

    Attributes:
        boxes: (n, 4) px.
        scores: (n,), 0..1, as the network says them: not calibrated.
        labels: (n,), index into `names`.
        names: of the classes.
    """

    boxes: Floats
    scores: Floats
    labels: npt.NDArray[np.intp]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DepthMap(_ReadOnly):
    """Distance along the optical axis of each pixel, as far as one image shows it.

    Attributes:
        depth: (h, w) of the image's aspect, m if `metric`, else right up to one unknown factor and offset of 1/depth.
        metric: whether the unit is the metre.
    """

    depth: Floats
    metric: bool


@dataclass(frozen=True, slots=True)
class Features(_ReadOnly):
    """What the inside of each box looks like.

    Attributes:
        vectors: (n, d), of length 1; the scalar product of two is high where they show the same thing.
        class_scores: (n, c), how likely each class is, sums to 1; None for a network without classes.
        names: of the classes; empty without.
    """

    vectors: Floats
    class_scores: Floats | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Masks(_ReadOnly):
    """Which pixels belong to the thing in each box.

    Attributes:
        probability: (n, h, w), 0..1, over `windows`.
        windows: (n, 4) px: the part of the image that each mask covers, stretched to (h, w).
        scores: (n,), 0..1, how good the network takes its mask to be.
    """

    probability: Floats
    windows: Floats
    scores: Floats


@dataclass(frozen=True, slots=True)
class Keypoints(_ReadOnly):
    """Named points of the thing in each box.

    Attributes:
        points: (n, k, 2), column and row, px.
        scores: (n, k), 0..1.
        names: of the k points.
        extents: (n, 3), the thing's sizes along its own x, y, z relative to the largest; None if not estimated.
    """

    points: Floats
    scores: Floats
    names: tuple[str, ...]
    extents: Floats | None = None


@dataclass(frozen=True, slots=True)
class SceneInsight(_ReadOnly):
    """What a short clip shows as a whole.

    Attributes:
        embedding: (d,), of the clip.
        surprise: how far the clip is from what its own beginning let expect, 0 = as expected; None if not estimated.
        facts: what the network says of the scene, by name, each 0..1.
    """

    embedding: Floats
    surprise: float | None
    facts: dict[str, float]


@dataclass(frozen=True, slots=True)
class PolicyMoment(_ReadOnly):
    """What a policy is told of one moment; `policies.observation` names the numbers.

    Attributes:
        state: (s,), of the robot at the moment at which the chunk shall begin.
        target: (t,), of what it acts on.
        prefix: (k, axes), rad and m: where the axes will be at the knots anyway; None where that is not told.
        prefix_weight: (k,), 0..1: how far each knot is to be as the prefix says; None with it.
        seed: of the noise, for a policy that begins with some.
    """

    state: Floats
    target: Floats
    prefix: Floats | None = None
    prefix_weight: Floats | None = None
    seed: int = 0


class ActionPolicy(Protocol):
    """Says where the axes of the robot shall be in the next moments.

    Attributes:
        knots: of a chunk.
        spacing_s: between two of them, at full speed; the first comes so long after the moment.
        takes_prefix: whether it minds what is told in `PolicyMoment.prefix`.
        seam: how its chunks are joined best, see `policies.seam`.
    """

    knots: int
    spacing_s: float
    takes_prefix: bool
    seam: str

    def act(self, moment: PolicyMoment) -> Floats:
        """Positions of the axes at the knots, (k, axes), rad and m, finite.

        Raises:
            ModelOutputError: nothing can be made of what the network gave.
        """


class Detector(Protocol):
    """Finds things of known classes."""

    def detect(self, image: PreparedImage) -> Detections:
        """Look at the whole image."""


class DepthEstimator(Protocol):
    """Estimates depth from one colour image."""

    def estimate(self, image: PreparedImage) -> DepthMap:
        """Look at the whole image."""


class FeatureExtractor(Protocol):
    """Describes what boxes show."""

    def extract(self, image: PreparedImage, boxes: Floats) -> Features:
        """Look into each of the boxes (n, 4); n may be 0."""


class Segmenter(Protocol):
    """Separates the thing in a box from what is around it."""

    def segment(self, image: PreparedImage, boxes: Floats) -> Masks:
        """Look into each of the boxes (n, 4); n may be 0."""


class KeypointEstimator(Protocol):
    """Finds the named points of the thing in a box."""

    def locate(self, image: PreparedImage, boxes: Floats) -> Keypoints:
        """Look into each of the boxes (n, 4); n may be 0."""


class SceneModel(Protocol):
    """Understands a short clip."""

    def observe(self, clip: Pixels) -> SceneInsight:
        """Look at a clip (t, h, w, 3) RGB, oldest image first, equally spaced."""

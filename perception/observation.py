"""One thing that one image shows: what a tracker is fed with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from perception.scene import Vector3

Box = tuple[float, float, float, float]
Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a closer look (level 2) says of one thing.

    Attributes:
        embedding: (d,), made of length 1.
        class_scores: how likely it is each class, together at most 1; empty for a network without classes.

    Raises:
        ValueError: an embedding that is not finite or of no length, or scores that are no probabilities.
    """

    embedding: Vector = field(compare=False)
    class_scores: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        length = float(np.linalg.norm(self.embedding))
        if self.embedding.ndim != 1 or not math.isfinite(length) or length == 0.0:
            raise ValueError(
                f"embedding has shape {self.embedding.shape} and length {length}; it must be (d,), finite and not zero"
            )
        scores = self.class_scores
        if not all(value >= 0.0 for value in scores.values()) or not sum(scores.values()) <= 1.0 + 1e-3:
            raise ValueError(f"class_scores are {dict(scores)}; each must be >= 0 and all together at most 1")
        unit = (self.embedding / length).astype(np.float32)
        unit.flags.writeable = False
        object.__setattr__(self, "embedding", unit)


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing in one image.

    Attributes:
        box: left, top, right, bottom, px, as in `models.roles`.
        score: 0..1, calibrated: how likely there is a thing (a person, if `label` says so).
        label: name of the class.
        label_score: 0..1, calibrated: how likely the name is right, given that there is a thing.
        position_base: of its centre, m; None where there is no depth.
        position_std_m: of each coordinate; needed with a position.
        appearance: of a closer look at this very image, if there was one.

    Raises:
        ValueError: any of it is not finite, out of its range, or an empty box.
    """

    box: Box
    score: float
    label: str
    label_score: float
    position_base: Vector3 | None = None
    position_std_m: float | None = None
    appearance: Appearance | None = None

    def __post_init__(self) -> None:
        left, top, right, bottom = self.box
        if not (all(map(math.isfinite, self.box)) and right > left and bottom > top):
            raise ValueError(
                f"box is {self.box}; it must be finite (left, top, right, bottom), right > left, bottom > top"
            )
        for name in ("score", "label_score"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; it must be in 0..1: calibrate it, or leave the thing out"
                )
        if not self.label:
            raise ValueError("label is empty; it must name a class")
        if self.position_base is None:
            return
        if not all(map(math.isfinite, self.position_base)):
            raise ValueError(
                f"position_base is {self.position_base}; it must be finite; give None where there is no depth"
            )
        if self.position_std_m is None or not 0.0 < self.position_std_m < math.inf:
            raise ValueError(
                f"position_std_m is {self.position_std_m}; a position needs one that is finite and exceeds 0"
            )

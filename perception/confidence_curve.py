"""What the confidence threshold of closer looks costs and brings: how many looks, and how many names stay wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

THRESHOLDS: Array = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True)
class Looked:
    """Things of held-out images, each with and without a closer look.

    Attributes:
        probability: (n,), of the name that level 1 gives, calibrated.
        right: (n,), whether that name is right.
        right_after: (n,), whether the name is right that both levels together give.
    """

    probability: Array
    right: Mask
    right_after: Mask

    def __post_init__(self) -> None:
        shapes = {self.probability.shape, self.right.shape, self.right_after.shape}
        if len(shapes) != 1 or self.probability.ndim != 1 or len(self.probability) == 0:
            raise ValueError(f"probability, right, right_after have shapes {shapes}; all must be (n,), n > 0")


@dataclass(frozen=True, slots=True)
class ConfidenceCurve:
    """Of each threshold (k,): the share of things that are looked at, and that of things with a wrong name then."""

    thresholds: Array
    looked_at: Array
    wrong: Array


def confidence_curve(things: Looked, thresholds: Array = THRESHOLDS) -> ConfidenceCurve:
    """The curve: a thing is looked at if the probability of its name is below the threshold.

    Args:
        things: of held-out images.
        thresholds: (k,).
    """
    asked = things.probability[None, :] < thresholds[:, None]
    wrong = np.where(asked, ~things.right_after[None, :], ~things.right[None, :])
    return ConfidenceCurve(thresholds, asked.mean(axis=1), wrong.mean(axis=1))


def seconds_to_know(miss_share: float, looks_per_s: float, std: float) -> float:
    """How long looks by lot take until the share that is missed is known.

    Args:
        miss_share: what it is, 0..1.
        looks_per_s: by lot.
        std: standard deviation that the estimate shall have; of a binomial share.
    """
    if not (looks_per_s > 0.0 and std > 0.0):
        raise ValueError(f"looks_per_s, std are {looks_per_s}, {std}; both must exceed 0")
    return miss_share * (1.0 - miss_share) / std**2 / looks_per_s

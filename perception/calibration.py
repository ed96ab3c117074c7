"""Scores that mean what they say: of all that is said with 0.7, seven in ten are right.

Fitted on held-out pairs of score and whether it was right, by isotonic regression (pool adjacent violators; Zadrozny,
Elkan, KDD 2002): it assumes no more than that a higher score is not a worse one.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LEAST_BLOCK = 20  # pairs


class ScoreCalibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Piecewise linear from the network's score to a probability; constant beyond the first and the last knot.

    Attributes:
        scores: of the knots, rising.
        probabilities: of the knots, 0..1, not falling.
        samples: number of pairs that it was fitted on.
    """

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]
    samples: int

    def __post_init__(self) -> None:
        if not self.scores or len(self.scores) != len(self.probabilities):
            raise ValueError(
                f"there are {len(self.scores)} scores and {len(self.probabilities)} probabilities; "
                "there must be as many of both, at least one"
            )
        if not (np.diff(self.scores) > 0.0).all():
            raise ValueError(f"scores are {self.scores}; they must rise")
        if not (np.diff(self.probabilities) >= 0.0).all():
            raise ValueError(f"probabilities are {self.probabilities}; they must not fall")
        if not 0.0 <= self.probabilities[0] <= self.probabilities[-1] <= 1.0:
            raise ValueError(f"probabilities are {self.probabilities}; they must be in 0..1")

    def apply(self, scores: npt.ArrayLike) -> Array:
        """Calibrated probabilities of scores of any shape."""
        return np.asarray(np.interp(np.asarray(scores, dtype=np.float64), self.scores, self.probabilities))


def fit_calibration(scores: npt.ArrayLike, right: npt.ArrayLike) -> ScoreCalibration:
    """Fit held-out pairs.

    The extreme blocks never say 0 or 1: n pairs know no better than 1 / (n + 2).

    Args:
        scores: (n,), of the network.
        right: (n,) bool, whether what it said was right.

    Raises:
        ValueError: no pairs, arrays of two sizes, or scores that are not finite.
    """
    given, was_right = checked_pairs(scores, right)
    levels, group, count = np.unique(given, return_inverse=True, return_counts=True)
    # Neighbours go together first: a block of one pair at an end would say 0 or 1 of all that is beyond.
    together = np.minimum((np.cumsum(count) - 1) // LEAST_BLOCK, max(len(given) // LEAST_BLOCK - 1, 0))
    _, group = np.unique(together[group], return_inverse=True)
    pairs = np.bincount(group)
    fitted = isotonic_regression(np.bincount(group, weights=was_right) / pairs, weights=pairs)
    starts = fitted.blocks[:-1]
    sizes = np.add.reduceat(pairs, starts)
    knots = np.add.reduceat(np.bincount(group, weights=given), starts) / sizes
    values = fitted.x[starts]
    values[0] = max(values[0], min(1.0 / (sizes[0] + 2.0), *values[1:2], 0.5))
    values[-1] = min(values[-1], max(1.0 - 1.0 / (sizes[-1] + 2.0), *values[-2:-1], 0.5))
    return ScoreCalibration(tuple(knots.tolist()), tuple(values.tolist()), len(given))


def expected_calibration_error(probabilities: npt.ArrayLike, right: npt.ArrayLike, bins: int = 15) -> float:
    """Mean difference between what is said and what is right, over bins of equal width (Guo et al., ICML 2017).

    Args:
        probabilities: (n,), 0..1.
        right: (n,) bool.
        bins: their number.

    Raises:
        ValueError: as `fit_calibration`.
    """
    said, was_right = checked_pairs(probabilities, right)
    which = np.clip((said * bins).astype(int), 0, bins - 1)
    gap = np.bincount(which, weights=said - was_right, minlength=bins)
    return float(np.abs(gap).sum() / len(said))


def checked_pairs(scores: npt.ArrayLike, right: npt.ArrayLike) -> tuple[Array, Mask]:
    """Scores and rights as arrays (n,).

    Raises:
        ValueError: no pairs, arrays of two sizes, or scores that are not finite.
    """
    given, was_right = np.asarray(scores, dtype=np.float64), np.asarray(right, dtype=bool)
    if given.ndim != 1 or given.shape != was_right.shape or len(given) == 0:
        raise ValueError(f"scores and right have shapes {given.shape} and {was_right.shape}; both must be (n,), n > 0")
    if not np.isfinite(given).all():
        raise ValueError(f"{int((~np.isfinite(given)).sum())} of {len(given)} scores are not finite; leave these out")
    return given, was_right

"""From which score on what a network says may be trusted, with a guarantee that counts the calibration set's luck.

Learn then Test (Angelopoulos, Bates, Candès, Jordan, Lei, 2021): each threshold of a grid that is fixed beforehand is
tested; those of which the Clopper-Pearson bound shows too few errors are good, all of them at once with probability
1 - delta, since each test has only its share of delta (Bonferroni). The lowest good one keeps most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from perception.calibration import checked_pairs

GRID: tuple[float, ...] = tuple(round(0.30 + 0.05 * step, 2) for step in range(14)) + (0.97, 0.98, 0.99)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score from which on errors are rare.

    Attributes:
        score: use what has at least this score.
        kept, wrong: pairs of the calibration set at or above it, and those of them that were wrong.
        error_bound: upper bound of the share of errors, no more than the alpha that was asked for.
    """

    score: float
    kept: int
    wrong: int
    error_bound: float


def upper_bound(wrong: npt.ArrayLike, total: npt.ArrayLike, delta: float) -> npt.NDArray[np.float64]:
    """Clopper and Pearson's upper bound of a rate, which the true one exceeds with probability delta at most."""
    k, n = np.asarray(wrong, dtype=np.float64), np.asarray(total, dtype=np.float64)
    return np.where(k >= n, 1.0, betaincinv(k + 1.0, np.maximum(n - k, 1.0), 1.0 - delta))


def trusted_score(
    scores: npt.ArrayLike, right: npt.ArrayLike, alpha: float, delta: float, grid: Sequence[float] = GRID
) -> Threshold | None:
    """The lowest score at or above which at most `alpha` are wrong, with probability 1 - `delta` over the pairs.

    It holds for things drawn as the pairs were: of the same kind, and one of them saying nothing of the next (of a
    film, take an image now and then).

    Args:
        scores: (n,) held-out.
        right: (n,) bool.
        alpha: share of errors, 0..1.
        delta: probability that the guarantee does not hold, 0..1.
        grid: scores that are tested; choose them before looking at the pairs.

    Returns:
        None where no score of the grid can be guaranteed: more pairs, or a better network, are needed.

    Raises:
        ValueError: alpha or delta out of range, no grid, or pairs as in `fit_calibration`.
    """
    given, was_right = checked_pairs(scores, right)
    for name, value in (("alpha", alpha), ("delta", delta)):
        if not 0.0 < value < 1.0:
            raise ValueError(f"{name} is {value}; it must be between 0 and 1")
    if not grid:
        raise ValueError("grid is empty; give at least one score to test")
    levels = np.sort(np.asarray(grid, dtype=np.float64))
    above = given[:, None] >= levels
    kept, wrong = above.sum(axis=0), (above & ~was_right[:, None]).sum(axis=0)
    bounds = upper_bound(wrong, kept, delta / len(levels))
    good = np.flatnonzero(bounds <= alpha)
    if len(good) == 0:
        return None
    best = good[0]
    return Threshold(float(levels[best]), int(kept[best]), int(wrong[best]), float(bounds[best]))

"""Which observation belongs to which track: costs, and the cheapest one-to-one choice.

Rows are tracks, columns are observations. NaN in a measure says that one of the two does not have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

Array = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Pairs = list[tuple[int, int]]

APPEARANCE_WEIGHT = 0.6  # of the appearance where both have one; the rest is the place's
OTHER_LABEL = 0.15  # added to the cost: less than any real difference of place, since a label may flicker
_FORBIDDEN = 1e6  # more than any sum of allowed costs, so that as many pairs as possible are formed


@dataclass(frozen=True, slots=True)
class Gates:
    """Beyond them a pair is never formed.

    Attributes:
        squared_distance: largest squared Mahalanobis distance where both have a position.
        overlap: least intersection over union where not both have one.
        similarity: least cosine of the embeddings where both have one.
    """

    squared_distance: float
    overlap: float
    similarity: float


def overlaps(boxes: Array, others: Array) -> Array:
    """Intersection over union (n, m) of boxes (n, 4) and (m, 4): left, top, right, bottom."""
    lower = np.maximum(boxes[:, None, :2], others[None, :, :2])
    upper = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    both = np.maximum(upper - lower, 0.0).prod(axis=2)
    areas, other_areas = (np.maximum(item[:, 2:] - item[:, :2], 0.0).prod(axis=1) for item in (boxes, others))
    union = areas[:, None] + other_areas[None] - both
    share: Array = both / np.maximum(union, 1e-12)
    return share


def cosines(vectors: Sequence[Vector | None], others: Sequence[Vector | None]) -> Array:
    """Cosine (n, m) of vectors (d,) of length 1; NaN where one is None."""
    result = np.full((len(vectors), len(others)), np.nan)
    rows, columns = (
        np.array([i for i, item in enumerate(side) if item is not None], int) for side in (vectors, others)
    )
    if len(rows) and len(columns):
        one, other = (np.stack([item for item in side if item is not None]) for side in (vectors, others))
        result[np.ix_(rows, columns)] = one @ other.T
    return result


def cost_matrix(overlap: Array, squared_distance: Array, similarity: Array, same_label: Mask, gates: Gates) -> Array:
    """Cost (n, m) of each pair, 0 = certainly the same; infinite beyond a gate.

    A position says more than a box: where both have one, the box does not count.

    Args:
        overlap: (n, m), 0..1; see `overlaps`.
        squared_distance: (n, m), of Mahalanobis, or NaN.
        similarity: (n, m), cosine, or NaN.
        same_label: (n, m).
        gates: see there.
    """
    placed, looked = np.isfinite(squared_distance), np.isfinite(similarity)
    metric = np.sqrt(np.where(placed, squared_distance, 0.0) / gates.squared_distance)
    place = np.where(placed, metric, 1.0 - overlap)
    appearance = np.clip(1.0 - np.where(looked, similarity, 1.0), 0.0, 1.0)
    cost = np.where(looked, (1.0 - APPEARANCE_WEIGHT) * place + APPEARANCE_WEIGHT * appearance, place)
    cost = cost + np.where(same_label, 0.0, OTHER_LABEL)
    allowed = np.where(placed, metric <= 1.0, overlap >= gates.overlap) & (~looked | (similarity >= gates.similarity))
    return np.where(allowed, cost, np.inf)


def assign(cost: Array) -> Pairs:
    """The cheapest pairs among those of finite cost, as many as possible, sorted by row."""
    allowed = np.isfinite(cost)
    if not allowed.any():
        return []
    rows, columns = linear_sum_assignment(np.where(allowed, cost, _FORBIDDEN))
    chosen = allowed[rows, columns]
    return list(zip(rows[chosen].tolist(), columns[chosen].tolist(), strict=True))


def associate(cost: Array, settled: Sequence[bool], high: Sequence[bool]) -> Pairs:
    """Pair tracks and observations in the order of trust, after ByteTrack (Zhang et al., ECCV 2022, algorithm 1).

    High-score observations go to settled tracks; then low-score ones to the settled tracks that are left, for what is
    seen badly is mostly known already; then the high-score ones that are left to tentative tracks.

    Args:
        cost: (n, m), see `cost_matrix`.
        settled: (n,), tracks that are not tentative.
        high: (m,), observations of high score.
    """
    free_rows, free_columns = set(range(len(settled))), set(range(len(high)))
    pairs: Pairs = []
    for is_settled, is_high in ((True, True), (True, False), (False, True)):
        rows = [row for row in sorted(free_rows) if settled[row] == is_settled]
        columns = [column for column in sorted(free_columns) if high[column] == is_high]
        if rows and columns:
            found = [(rows[i], columns[j]) for i, j in assign(cost[rows][:, columns])]
            free_rows -= {row for row, _ in found}
            free_columns -= {column for _, column in found}
            pairs += found
    return sorted(pairs)

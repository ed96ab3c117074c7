"""Of boxes that show the same thing, only the best is kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


def suppress(boxes: Floats, scores: Floats, groups: Indices, max_overlap: float, max_count: int) -> Indices:
    """Non-maximum suppression.

    Args:
        boxes: (n, 4), left, top, right, bottom.
        scores: (n,), finite.
        groups: (n,); boxes of different groups do not compete.
        max_overlap: intersection over union above which the worse of two goes.
        max_count: how many are kept at most.

    Returns:
        Indices of those that stay, best score first; among equals the first one.
    """
    areas = np.maximum(boxes[:, 2] - boxes[:, 0], 0.0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0.0)
    left = np.argsort(-scores, kind="stable")
    kept: list[np.intp] = []
    while left.size and len(kept) < max_count:
        best, left = left[0], left[1:]
        kept.append(best)
        corner = np.maximum(boxes[best, :2], boxes[left, :2])
        shared = np.maximum(np.minimum(boxes[best, 2:], boxes[left, 2:]) - corner, 0.0).prod(axis=1)
        # As a product: two boxes without area share nothing, and 0 > 0 does not hold.
        worse = shared > max_overlap * (areas[best] + areas[left] - shared)
        left = left[~(worse & (groups[left] == groups[best]))]
    return np.array(kept, dtype=np.intp)

"""Of boxes that show the same thing, only the best is kept."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


def suppress(boxes: Floats, scores: Floats, groups: Indices, max_overlap: float, max_count: int) -> Indices:
    """Non-maximum suppression.

    Args:
        boxes: (n, 4), left, top, right, bottom, each with an area.
        scores: (n,), finite, at least 0.
        groups: (n,); boxes of different groups do not compete.
        max_overlap: intersection over union above which the worse of two goes.
        max_count: how many are kept at most.

    Returns:
        Indices of those that stay, best score first; among equals the first one.
    """
    if not len(boxes):
        return np.empty(0, dtype=np.intp)
    # OpenCV tells groups apart by moving them past the largest coordinate, so the smallest has to be 0.
    corner = boxes[:, :2].astype(np.float64) - boxes[:, :2].min()
    rectangles = np.concatenate([corner, boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxesBatched(rectangles, scores, groups.astype(np.int32), -1.0, max_overlap)  # type: ignore[arg-type]  # its stub wants lists
    return np.asarray(kept, dtype=np.intp).ravel()[:max_count]

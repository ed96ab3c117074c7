"""Points from two rows of bins, one along each axis of a window (SimCC, https://arxiv.org/abs/2107.03332)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.adapters.logits import softmax

Floats = npt.NDArray[np.float32]
SOFT_REACH = 4  # bins at each side of the best that count in a soft maximum


def hard_maximum(values: Floats) -> tuple[Floats, Floats]:
    """The best bin of each row (..., bins), and its value."""
    best = values.argmax(axis=-1)
    return best.astype(np.float32), np.take_along_axis(values, best[..., None], axis=-1)[..., 0]


def soft_maximum(logits: Floats) -> tuple[Floats, Floats]:
    """The mean bin around the best of each row (..., bins), weighted by the softmax, and how sure that is.

    Returns:
        Bins (...), not whole; and scores (...): the best bin's share, 0 if all bins are alike, 1 if it has everything.
    """
    count = logits.shape[-1]
    shares = softmax(logits)
    best, share = hard_maximum(shares)
    bins = np.arange(count, dtype=np.float32)
    near = np.where(np.abs(bins - best[..., None]) <= SOFT_REACH, shares, 0.0)
    mean = (near * bins).sum(axis=-1) / near.sum(axis=-1)
    return mean.astype(np.float32), np.clip((share * count - 1.0) / (count - 1.0), 0.0, 1.0).astype(np.float32)


def points_in_image(bins_x: Floats, bins_y: Floats, counts: tuple[int, int], edge: float, windows: Floats) -> Floats:
    """Bins (n, k) of each axis as points (n, k, 2) px of the image, centres of pixels at whole numbers.

    Args:
        bins_x, bins_y: from 0, not necessarily whole.
        counts: of the bins of each axis; together they are as long as a side of the window.
        edge: what has to be added to a bin for its distance from the window's edge, in bins.
        windows: (n, 4) px.
    """
    share = (np.stack([bins_x, bins_y], axis=-1) + edge) / np.array(counts, dtype=np.float32)
    corner, size = windows[:, None, :2], windows[:, None, 2:] - windows[:, None, :2]
    return (corner + share * size - 0.5).astype(np.float32)

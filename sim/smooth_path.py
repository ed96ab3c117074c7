"""Smooth ways from place to place, with a stop at each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

PEAK = 1.5  # of the speed along a smooth step, relative to its mean


def smooth_step(share: float) -> float:
    """From 0 to 1 without a jump in speed; constant outside of 0..1."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3.0 - 2.0 * share)


def glide(points: Array, times_s: Array, time_s: float) -> Array:
    """Where one is that goes smoothly from each of the points (k, n) to the next and is there at the times (k,)."""
    after = int(np.clip(np.searchsorted(times_s, time_s, side="right"), 1, len(times_s) - 1))
    share = smooth_step(float((time_s - times_s[after - 1]) / (times_s[after] - times_s[after - 1])))
    place: Array = points[after - 1] + share * (points[after] - points[after - 1])
    return place

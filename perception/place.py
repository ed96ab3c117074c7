"""What an image shows where a thing should be that was not found: something nearer, what is behind, or neither."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from perception.frames import Frame
from perception.scene import Vector3
from perception.track_life import Place
from perception.tracks import Track

PROBE_HEIGHT = 0.4  # of a thing's height above its centre: where its place is looked through
BEYOND_HEIGHT = 0.5  # a return farther behind than this share of its height shows that the place is empty
PROBES_M = (-0.008, 0.0, 0.008)  # offsets across the thing that must all be seen through
NEARER_M = 0.03  # beyond half its height: no part of the thing itself is nearer than its probes by so much
LEAST_HEIGHT_M = 0.02  # a flatter thing cannot be told from what it lies on


def place_at(position_base: Vector3, height_m: float, frame: Frame) -> Place:
    """What an image shows at a place.

    Args:
        position_base: centre of the thing, m.
        height_m: of the thing.
        frame: of the image.
    """
    if frame.depth_m is None:
        return Place.UNKNOWN
    upper = np.array(position_base) + (0.0, 0.0, PROBE_HEIGHT * height_m)
    probes: npt.NDArray[np.float64] = np.array([upper + (dx, dy, 0.0) for dx in PROBES_M for dy in PROBES_M])
    pixels = frame.project(probes)
    height, width = frame.depth_m.shape
    corner = (width - 1, height - 1)
    if not (pixels[:, 2] > 0.0).all() or not ((pixels[:, :2] >= 0.0) & (pixels[:, :2] <= corner)).all():
        return Place.UNKNOWN
    columns, rows = np.rint(pixels[:, 0]).astype(int), np.rint(pixels[:, 1]).astype(int)
    measured = frame.depth_m[rows, columns]
    if (measured > pixels[:, 2] + BEYOND_HEIGHT * height_m).all():
        return Place.EMPTY
    nearer = (measured > 0.0) & (measured < pixels[:, 2] - NEARER_M - 0.5 * height_m)
    return Place.HIDDEN if nearer.any() else Place.UNKNOWN


def place_in(frame: Frame, table_height_m: float) -> Callable[[Track], Place]:
    """The question that a `Tracker` asks of an image; what is tracked is taken to stand on the table."""

    def place_is(track: Track) -> Place:
        if track.position_base is None:
            return Place.UNKNOWN
        height_m = 2.0 * (track.position_base[2] - table_height_m)
        return place_at(track.position_base, max(height_m, LEAST_HEIGHT_M), frame)

    return place_is

"""Distances from the nearest obstacle on a grid, to rank many paths at once; what moves the arm is checked exactly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from policies.obstacles import Obstacles

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

VOXEL_M = 0.03
FAR_M = 0.20  # whatever is farther away is this far


class DistanceField:
    """A box of the base frame, and what always stands in it."""

    def __init__(self, lower: Array, upper: Array, standing: Obstacles) -> None:
        """Measure what always stands there.

        Args:
            lower, upper: corners, (3,), m; whatever lies outside is free.
            standing: obstacles that do not change.
        """
        self._lower = lower
        shape = np.ceil((upper - lower) / VOXEL_M).astype(int) + 1
        self._axes = [lower[axis] + VOXEL_M * np.arange(shape[axis]) for axis in range(3)]
        self._standing = np.full(shape, FAR_M, dtype=np.float32)
        self._stamp(self._standing, standing)
        self._field = self._standing

    def update(self, moving: Obstacles) -> None:
        """Take what stands there now beside that."""
        self._field = self._standing.copy()
        self._stamp(self._field, moving)

    def distances(self, points: Array) -> Floats:
        """Of points (..., 3) from the nearest obstacle, (...), m, as far as the grid tells; at most FAR_M."""
        at = ((points.reshape(-1, 3) - self._lower) / VOXEL_M).T
        found: Floats = map_coordinates(self._field, at, order=1, mode="constant", cval=FAR_M)
        return found.reshape(points.shape[:-1])

    def _stamp(self, field: Floats, obstacles: Obstacles) -> None:
        reach = np.linalg.norm(obstacles.halves[:, :2], axis=1)
        for index in range(len(obstacles)):
            around = np.array([reach[index], reach[index], obstacles.halves[index, 2]])
            around += obstacles.roundings[index] + FAR_M
            begin = np.ceil((obstacles.centres[index] - around - self._lower) / VOXEL_M).astype(int)
            end = np.floor((obstacles.centres[index] + around - self._lower) / VOXEL_M).astype(int) + 1
            window = tuple(
                slice(max(int(first), 0), max(min(int(last), size), 0))
                for first, last, size in zip(begin, end, field.shape, strict=True)
            )
            if any(part.start >= part.stop for part in window):
                continue
            axes = [axis[part] for axis, part in zip(self._axes, window, strict=True)]
            points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
            field[window] = np.minimum(field[window], obstacles.only(index).distances(points)[..., 0])

"""Where tracked things are and how they move, in the image and in metres: the filters of all tracks, a row each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from perception.kalman import Filters
from perception.observation import Observation
from perception.scene import Vector3

Array = npt.NDArray[np.float64]

SIZE, POSITION = slice(2, 4), slice(4, 7)  # columns
LEAST_VISIBLE = 0.1  # share that a box's noise is divided by at most: what is covered moves its edges


@dataclass(frozen=True, slots=True)
class MotionConfig:
    """How things move and how well boxes are measured.

    Attributes:
        acceleration: of a position, root of its density, m/s^1.5. A small one makes a speed exact (0.02 m/s at 30 Hz
            and 2 mm), a large one makes it follow fast.
        manoeuvre_m: standard deviation that a gate allows beyond noise, for a thing that is pushed or taken.
        box_acceleration: of a box, in its own size, 1/s^1.5; ByteTrack's noise at 30 Hz.
        box_noise: of a box, in its own size; ByteTrack's.
        start_speed_mps, start_box_speed: how fast a new thing may be, m/s, and in its own size, 1/s.
    """

    acceleration: float = 0.05
    manoeuvre_m: float = 0.02
    box_acceleration: float = 1.0
    box_noise: float = 0.05
    start_speed_mps: float = 0.5
    start_box_speed: float = 2.0

    def __post_init__(self) -> None:
        for item in fields(self):
            if not getattr(self, item.name) > 0.0:
                raise ValueError(f"{item.name} is {getattr(self, item.name)}; it must exceed 0")


@dataclass(frozen=True, slots=True)
class Movement:
    """Of one thing, base frame: m and m/s, each with the standard deviation of its worst coordinate."""

    position_base: Vector3
    position_std_m: float
    velocity_mps: Vector3
    velocity_std_mps: float


class TrackMotion:
    """The filters of all tracks: four numbers of the box (its centre and size), three of the position."""

    def __init__(self, config: MotionConfig) -> None:
        self._config = config
        self._filters = Filters(7)

    def append(self) -> None:
        """Add a row; measure it before anything else."""
        self._filters.append()

    def keep(self, rows: Sequence[int]) -> None:
        """Leave these rows only, in this order."""
        self._filters.keep(rows)

    def advance(self, dt_s: Array) -> None:
        """Predict each row by its time, (n,) s."""
        config = self._config
        scale = _scale(self._filters.state[0, :, SIZE], config.box_acceleration, config.acceleration)
        self._filters.predict(dt_s, scale**2)

    def measure(
        self, rows: Sequence[int], seen: Sequence[Observation], occluded: Sequence[float], anew: Sequence[bool]
    ) -> None:
        """Take an observation of each of these rows.

        Args:
            rows: to measure.
            seen: an observation for each.
            occluded: share of each that something covers: what is covered moves the edges of its box.
            anew: whether what was known of its motion is forgotten.
        """
        if not rows:
            return
        config = self._config
        edges = np.array([item.box for item in seen])
        size = edges[:, 2:] - edges[:, :2]
        positions, deviation = _positions(seen)
        visible = np.maximum(1.0 - np.array(occluded), LEAST_VISIBLE)[:, None]
        noise = np.concatenate([config.box_noise * np.tile(size, 2) / visible, np.tile(deviation, 3)], axis=1)
        start = _scale(size, config.start_box_speed, config.start_speed_mps)
        measured = np.concatenate([edges[:, :2] + size / 2.0, size, positions], axis=1)
        self._filters.measure(rows, measured, noise**2, start**2, anew)

    def boxes(self) -> Array:
        """Where each row is in the image, (n, 4): left, top, right, bottom, px."""
        value = self._filters.state[0]
        half = np.maximum(value[:, SIZE], 0.0) / 2.0
        return np.concatenate([value[:, :2] - half, value[:, :2] + half], axis=1)

    def squared_distances(self, seen: Sequence[Observation]) -> Array:
        """Of Mahalanobis (n, m), with room for a manoeuvre; NaN where there is no position."""
        positions, deviation = _positions(seen)
        return self._filters.squared_distances(POSITION, positions, deviation**2 + self._config.manoeuvre_m**2)

    def movements(self) -> list[Movement | None]:
        """Of each row; None if it never had a position."""
        position, velocity, variance, _, velocity_variance = self._filters.state[:, :, POSITION]
        return [
            None if math.isnan(x) else Movement((x, y, z), math.sqrt(worst), (vx, vy, vz), math.sqrt(velocity_worst))
            for (x, y, z), (vx, vy, vz), worst, velocity_worst in zip(
                position.tolist(),
                velocity.tolist(),
                variance.max(axis=1).tolist(),
                velocity_variance.max(axis=1).tolist(),
                strict=True,
            )
        ]


def _scale(size: Array, of_box: float, of_position: float) -> Array:
    """One number of each column (n, 7): the box's in its own size (n, 2), which is at least a px."""
    scale = np.full((len(size), 7), of_position)
    scale[:, 0:2] = scale[:, SIZE] = of_box * np.maximum(size, 1.0)
    return scale


def _positions(seen: Sequence[Observation]) -> tuple[Array, Array]:
    """Positions (m, 3) and their standard deviation (m, 1), NaN without depth."""
    none = (np.nan, np.nan, np.nan)
    positions = np.array([item.position_base or none for item in seen], dtype=np.float64)
    return positions, np.array([[item.position_std_m or np.nan] for item in seen])

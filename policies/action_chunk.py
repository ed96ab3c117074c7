"""Chunks of motion on the time of the reference: what a policy gives, and what is cut into commands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from policies.follower import SPACING_NS

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ActionChunk:
    """Where the axes shall be, as a policy says it.

    Attributes:
        begin_ns: on the time of the reference (`State.trajectory_ns`), a multiple of SPACING_NS.
        position, velocity: of the reference at its beginning, (axes,).
        knots: (k, axes), positions `spacing_ns` apart, the first one that long after the beginning.
        spacing_ns: between knots.
        observation_ns: stamp of the oldest observation that it rests on, on the monotonic clock.
    """

    begin_ns: int
    position: Array
    velocity: Array
    knots: Array
    spacing_ns: int
    observation_ns: int

    def dense(self) -> Trajectory:
        """A smooth curve through the knots, in steps of SPACING_NS."""
        knots = np.concatenate([self.position[None], self.knots])
        times = np.arange(len(knots)) * (self.spacing_ns * 1e-9)
        curve = CubicSpline(times, knots, bc_type=((1, self.velocity), (2, np.zeros_like(self.velocity))))
        count = int(times[-1] * 1e9 + 1.0) // SPACING_NS + 1
        return Trajectory(self.begin_ns, np.asarray(curve(np.arange(count) * (SPACING_NS * 1e-9))))


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Positions of the axes, SPACING_NS apart.

    Attributes:
        begin_ns: of the first, on the time of the reference, a multiple of SPACING_NS.
        points: (n, axes).
    """

    begin_ns: int
    points: Array

    @property
    def end_ns(self) -> int:
        """Of the last point."""
        return self.begin_ns + (len(self.points) - 1) * SPACING_NS

    def index(self, at_ns: int) -> int:
        """Of the point at a multiple of SPACING_NS; the nearest one there is."""
        return min(max((at_ns - self.begin_ns) // SPACING_NS, 0), len(self.points) - 1)

    def state_at(self, at_ns: int) -> tuple[Array, Array]:
        """Position and velocity (axes,) at the point of a time; standing still after the end."""
        index = self.index(at_ns)
        last = len(self.points) - 1
        if at_ns > self.end_ns:
            return self.points[-1], np.zeros(self.points.shape[1])
        before, after = max(index - 1, 0), min(index + 1, last)
        span_s = max(after - before, 1) * SPACING_NS * 1e-9
        return self.points[index], (self.points[after] - self.points[before]) / span_s

    def between(self, at_ns: int) -> Array:
        """Position (axes,) at any time."""
        along = min(max((at_ns - self.begin_ns) / SPACING_NS, 0.0), float(len(self.points) - 1))
        index = min(int(along), len(self.points) - 2) if len(self.points) > 1 else 0
        share = along - index
        following = self.points[min(index + 1, len(self.points) - 1)]
        between: Array = (1.0 - share) * self.points[index] + share * following
        return between

    def since(self, from_ns: int) -> Trajectory:
        """The rest, from the point before a time on."""
        first = self.index(from_ns)
        return Trajectory(self.begin_ns + first * SPACING_NS, self.points[first:])

"""A person's arm that moves through the workspace along keyframes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from rt_control.errors import InputError

PARKED = (3.0, 3.0, 0.3)


@dataclass(frozen=True, slots=True)
class Keyframe:
    """Where the hand is at one moment: simulated time, base frame (m), and the yaw from which the arm comes."""

    time_s: float
    position: tuple[float, float, float]
    yaw_rad: float = 0.0


@dataclass(frozen=True, slots=True)
class PersonPath:
    """Keyframes in the order of time; before the first and after the last the person is away."""

    keyframes: tuple[Keyframe, ...] = ()

    def __post_init__(self) -> None:
        times = [item.time_s for item in self.keyframes]
        if any(later <= earlier for earlier, later in zip(times, times[1:], strict=False)):
            raise InputError(f"person: keyframe times {times} do not rise; order them by time")

    def pose(self, time_s: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Position (m) and quaternion (w, x, y, z) of the hand in the base frame; smooth between keyframes."""
        frames = self.keyframes
        if not frames or not frames[0].time_s <= time_s <= frames[-1].time_s:
            return np.array(PARKED), np.array([1.0, 0.0, 0.0, 0.0])
        after = next((index for index, item in enumerate(frames) if item.time_s > time_s), len(frames) - 1)
        start, end = frames[max(after - 1, 0)], frames[after]
        span = end.time_s - start.time_s
        ratio = 1.0 if span <= 0.0 else min(1.0, (time_s - start.time_s) / span)
        blend = ratio * ratio * (3.0 - 2.0 * ratio)
        position = np.asarray(start.position) + blend * (np.asarray(end.position) - np.asarray(start.position))
        yaw = start.yaw_rad + blend * (end.yaw_rad - start.yaw_rad)
        return position, np.array([math.cos(yaw / 2.0), 0.0, 0.0, math.sin(yaw / 2.0)])

    @classmethod
    def reach_in(
        cls,
        start_s: float,
        target: tuple[float, float, float],
        dwell_s: float = 2.0,
        speed_mps: float = 0.8,
        origin: tuple[float, float, float] = (1.5, 0.0, 0.35),
    ) -> PersonPath:
        """Reach from `origin` to `target`, stay there, and go back the same way.

        Args:
            start_s: when it begins.
            target: of the hand, base frame, m.
            dwell_s: how long the hand stays.
            speed_mps: mean speed, > 0 (ISO 13855 takes 1.6 m/s for an approaching hand).
            origin: where the hand comes from.
        """
        yaw = math.atan2(origin[1] - target[1], origin[0] - target[0])
        travel_s = math.dist(origin, target) / speed_mps
        moments = (start_s, start_s + travel_s, start_s + travel_s + dwell_s, start_s + 2.0 * travel_s + dwell_s)
        places = (origin, target, target, origin)
        return cls(tuple(Keyframe(when, where, yaw) for when, where in zip(moments, places, strict=True)))

    @classmethod
    def from_json(cls, text: str) -> PersonPath:
        """Read `[[time_s, x, y, z, yaw_rad], ...]`.

        Raises:
            InputError: it is not that.
        """
        try:
            rows = msgspec.json.decode(text, type=list[tuple[float, float, float, float, float]])
        except msgspec.DecodeError as error:
            raise InputError(
                f"person: {text!r} is not a path ({error}); give [[time_s, x, y, z, yaw_rad], ...]"
            ) from None
        return cls.from_rows(rows)

    @classmethod
    def from_rows(cls, rows: Sequence[tuple[float, float, float, float, float]]) -> PersonPath:
        """Rows of (time_s, x, y, z, yaw_rad)."""
        return cls(tuple(Keyframe(time_s, (x, y, z), yaw) for time_s, x, y, z, yaw in rows))

    def to_json(self) -> str:
        """What `from_json` reads."""
        rows = [(item.time_s, *item.position, item.yaw_rad) for item in self.keyframes]
        return msgspec.json.encode(rows).decode()

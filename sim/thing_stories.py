"""What happens to one thing in an episode: it lies still, a hand or the arm moves it, or it rolls.

A story tells the pose of the thing at any time, base from object, 4x4; None while it is out of sight. From `settled_s`
on it lies at a new place by itself; None if it never does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sim.smooth_path import glide

Array = npt.NDArray[np.float64]

GRAVITY_MPS2 = 9.81


@dataclass(frozen=True, slots=True)
class Visit:
    """A person's hand that comes in, does something, and goes.

    Attributes:
        times_s: (k,), rising: of the points; before the first and after the last nobody is there.
        points: (k, 3) m, of the hand.
        rotation: base from hand, (3, 3); the forearm comes from the hand's +x.
    """

    times_s: Array
    points: Array
    rotation: Array

    def hand(self, time_s: float) -> Array | None:
        """Base from hand, 4x4; None: nobody is there."""
        if not self.times_s[0] <= time_s <= self.times_s[-1]:
            return None
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = self.rotation, glide(self.points, self.times_s, time_s)
        return pose


class Story(Protocol):
    """Of one thing."""

    @property
    def kind(self) -> str:
        """In a word, for people."""

    @property
    def settled_s(self) -> float | None:
        """From when on it lies at a new place."""

    def pose(self, time_s: float, pose_base_from_tcp: Array) -> Array | None:
        """Base from object, 4x4, given the arm's; None: out of sight."""

    def is_free(self, time_s: float) -> bool:
        """Nothing holds it."""


@dataclass(frozen=True, slots=True)
class Still:
    """It lies where it lies."""

    lies: Array
    kind: str = "still"
    settled_s: None = None

    def pose(self, time_s: float, pose_base_from_tcp: Array) -> Array | None:
        return self.lies

    def is_free(self, time_s: float) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class MovedByHand:
    """A hand brings it, pushes it or takes it away.

    Attributes:
        before, after: pose before and after; None: it is not there.
        visit: of the hand.
        begin_s, end_s: when it moves as the hand does, as stiff.
    """

    kind: str
    before: Array | None
    after: Array | None
    visit: Visit
    begin_s: float
    end_s: float

    @property
    def settled_s(self) -> float | None:
        return None if self.after is None else self.end_s

    def pose(self, time_s: float, pose_base_from_tcp: Array) -> Array | None:
        if time_s < self.begin_s:
            return self.before
        if time_s >= self.end_s:
            return self.after
        # From the end at which it is there, for it may come from nowhere and go there.
        known, known_s = (self.before, self.begin_s) if self.before is not None else (self.after, self.end_s)
        hand, then = self.visit.hand(time_s), self.visit.hand(known_s)
        assert known is not None and hand is not None and then is not None
        pose = known.copy()
        pose[:3, 3] += hand[:3, 3] - then[:3, 3]
        return pose

    def is_free(self, time_s: float) -> bool:
        return not self.begin_s <= time_s < self.end_s


@dataclass(frozen=True, slots=True)
class LetFall:
    """The arm holds it, and lets it fall.

    Attributes:
        pose_tcp_from_object: while it is held.
        released_s: when it is let go.
        drop_m: how deep it falls.
        after: its pose then.
    """

    pose_tcp_from_object: Array
    released_s: float
    drop_m: float
    after: Array
    kind: str = "carried"

    @property
    def settled_s(self) -> float:
        return self.released_s + math.sqrt(2.0 * max(self.drop_m, 0.0) / GRAVITY_MPS2)

    def pose(self, time_s: float, pose_base_from_tcp: Array) -> Array | None:
        if time_s < self.released_s:
            held: Array = pose_base_from_tcp @ self.pose_tcp_from_object
            return held
        fallen_m = 0.5 * GRAVITY_MPS2 * (time_s - self.released_s) ** 2
        pose = self.after.copy()
        pose[2, 3] += max(self.drop_m - fallen_m, 0.0)
        return pose

    def is_free(self, time_s: float) -> bool:
        return time_s >= self.settled_s


@dataclass(frozen=True, slots=True)
class Rolling:
    """A ball that gets a push, and rolls until it stands.

    Attributes:
        before: its pose.
        begin_s: of the push.
        velocity_mps: (2,) after it.
        slows_mps2: deceleration.
    """

    before: Array
    begin_s: float
    velocity_mps: Array
    slows_mps2: float
    kind: str = "rolling"

    @property
    def settled_s(self) -> float:
        return self.begin_s + float(np.hypot(*self.velocity_mps)) / self.slows_mps2

    def pose(self, time_s: float, pose_base_from_tcp: Array) -> Array | None:
        moving_s = min(max(time_s - self.begin_s, 0.0), self.settled_s - self.begin_s)
        speed = float(np.hypot(*self.velocity_mps))
        pose = self.before.copy()
        pose[:2, 3] += self.velocity_mps / speed * (speed * moving_s - 0.5 * self.slows_mps2 * moving_s**2)
        return pose

    def is_free(self, time_s: float) -> bool:
        return True

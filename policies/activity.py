"""What a running skill sees at each tick, and what it answers: pure data, no clock and no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from perception.scene import Scene, SceneObject
from policies.follower import MotionGoal
from policies.observation import PolicyTarget
from policies.trajectory import Reference

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Held:
    """What the gripper holds.

    Attributes:
        name: of the object.
        width_m: across the fingers.
        below_tcp_m: how far the object reaches below the tool centre point.
    """

    name: str
    width_m: float
    below_tcp_m: float


@dataclass(frozen=True, slots=True)
class View:
    """One moment, as a skill sees it.

    Attributes:
        stamp_ns: of the robot's state.
        position, velocity: measured, (axes,).
        reference: what the drives are told.
        arrived_at: the goal of the last tick, if the reference stands at its end and the arm with it.
        scene: the newest, if any.
        held: what the gripper holds as far as is known.
        moved_ns: how long the robot could have moved since the skill began; at half the speed half as long.
        blocked: why there is no way to the goal of the last tick; empty while there is one, or it is looked for.
    """

    stamp_ns: int
    position: Array
    velocity: Array
    reference: Reference
    arrived_at: MotionGoal | None
    scene: Scene | None
    held: Held | None
    moved_ns: int = 0
    blocked: str = ""

    def object(self, name: str) -> SceneObject | None:
        """The object as perception believes it now, or None."""
        return None if self.scene is None else self.scene.find(name)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now.

    Attributes:
        phase: for people.
        goal: where to move: as planned, or a target that the policy moves to.
        observation_ns: stamp of the oldest observation that the goal rests on.
        held: what the gripper holds from now on.
    """

    phase: str
    goal: MotionGoal | PolicyTarget
    observation_ns: int
    held: Held | None


@dataclass(frozen=True, slots=True)
class Done:
    """The skill ended: `reason` says why it failed and is empty if it succeeded."""

    phase: str
    reason: str
    held: Held | None


class Activity(Protocol):
    """One running skill."""

    def step(self, view: View) -> Step | Done:
        """Advance by one tick."""
        ...

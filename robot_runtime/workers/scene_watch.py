"""What the perception worker makes of an image: judged first, then looked at, and told only if it can be believed."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from perception.cascade import Wish
from perception.frame_health import FrameJudge, FrameLimits, FrameVerdict
from perception.frames import Frame
from perception.person_range import distance_for_tier1_m
from perception.robot_shape import LONGEST_LOOK_BACK_S
from perception.scene import Scene
from robot_runtime.person_constraints import person_constraints
from rt_control import _native as native
from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]

logger = logging.getLogger(__name__)

MOVING_RAD_PER_S = 0.1  # of an arm axis: some pixel of a camera that sees the arm must change


class Looker(Protocol):
    """Makes a scene of a frame; see `Cascade`."""

    def look(self, frame: Frame, robot: Array, now_ns: int, wish: Wish | None = None) -> Scene | None:
        """The scene after this frame; None: the frame was too late to be looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one image led to.

    Attributes:
        scene: to be published; None when nothing was ever seen, or nothing was to be looked at.
        constraints: to be written; None where nothing is known of people, so that tier 1 slows down.
    """

    scene: Scene | None
    constraints: native.Constraints | None


NOTHING = Look(None, None)


class SceneWatch:
    """Judges the frames of the scene camera and looks at those that can be used.

    Args:
        description: of the robot.
        looker: makes the scene.
    """

    def __init__(self, description: RobotDescription, looker: Looker) -> None:
        camera = description.camera_of("scene")
        self._name = camera.name
        self._arm = arm_axes(description)
        self._judge = FrameJudge(FrameLimits.of(camera))
        self._looker = looker
        self._known_uncertainty_m = description.separation.person_uncertainty_m
        self.scene: Scene | None = None
        """The newest one."""
        self.camera_fault = ""
        """As in `WorkerStatus`."""

    def look(self, frame: Frame, robot: Array, velocity: Array, now_ns: int, wish: Wish | None) -> Look:
        """Judge one frame, and make a scene of what of it can be used.

        Without usable depth things are placed by the depth that a network estimates, and nothing is told of people.

        Args:
            frame: the next one of the scene camera.
            robot: its capsules when the frame was measured, see `robot_capsules`, (k, 8).
            velocity: of its axes, (axes,).
            now_ns: this moment.
            wish: of the profile in force; None: it wants no perception, the frame is judged alone.
        """
        verdict = self._judge.judge(frame, now_ns, moves(velocity[self._arm]))
        self._note(verdict)
        if wish is None:
            return NOTHING
        if not verdict.usable_rgb:
            return Look(self._remembered(), None)
        if not verdict.usable_depth:
            frame = replace(frame, depth_m=None)
        seen = self._looker.look(frame, robot, now_ns, wish)
        if seen is None:
            return NOTHING
        self.scene = seen
        late = now_ns - frame.stamp_ns > LONGEST_LOOK_BACK_S * 1e9  # the robot's own place is not known
        if late or not (verdict.ok and verdict.usable_depth):
            return Look(seen, None)
        distance_m = seen.person_distance_m
        if distance_m is not None:
            distance_m = distance_for_tier1_m(distance_m, seen.person_uncertainty_m or 0.0, self._known_uncertainty_m)
        return Look(seen, person_constraints(native.Source.perception, seen.stamp_ns, distance_m))

    def wait(self, now_ns: int) -> None:
        """Note that no new frame has come."""
        self._note(self._judge.wait(now_ns))

    def _note(self, verdict: FrameVerdict) -> None:
        self.camera_fault = noted(self.camera_fault, self._name, verdict)

    def _remembered(self) -> Scene | None:
        return None if self.scene is None else msgspec.structs.replace(self.scene, remembered_only=True)


def arm_axes(description: RobotDescription) -> npt.NDArray[np.intp]:
    """Indices of the axes that turn: a finger that moves is too small to change an image for sure."""
    return np.array([index for index, axis in enumerate(description.axis) if axis.kind == "revolute"], dtype=np.intp)


def moves(arm_velocity: Array) -> bool:
    """Whether the arm moves so fast that an image of it must change.

    Args:
        arm_velocity: rad/s.
    """
    return bool(np.abs(arm_velocity).max(initial=0.0) > MOVING_RAD_PER_S)


def noted(before: str, camera: str, verdict: FrameVerdict) -> str:
    """The fault of a camera as `WorkerStatus` names it; a change is logged, with its figures.

    Args:
        before: what was named so far.
        camera: its name.
        verdict: of its newest frame.
    """
    fault = "" if verdict.ok else f"{camera}: {verdict.fault}"
    if fault != before:
        if fault:
            logger.warning("%s (%s)", fault, verdict.reason)
        else:
            logger.info("%s: its images can be used again", camera)
    return fault

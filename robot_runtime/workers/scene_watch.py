"""What the perception worker makes of an image: judged first, then looked at, and told only if it can be believed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from perception.frame_health import FrameJudge, FrameLimits, FrameVerdict
from perception.frames import Frame
from perception.robot_shape import LONGEST_LOOK_BACK_S
from perception.scene import Scene
from robot_runtime.person_constraints import person_constraints
from rt_control import _native as native
from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]

logger = logging.getLogger(__name__)

MOVING_RAD_PER_S = 0.1  # of an arm axis: some pixel of a camera that sees the arm must change


class Pipeline(Protocol):
    """Makes a scene of a frame; see `ScenePipeline`."""

    def update(self, frame: Frame, robot: Array, now_ns: int) -> Scene:
        """The scene after this frame."""


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
        pipeline: makes the scene.
    """

    def __init__(self, description: RobotDescription, pipeline: Pipeline) -> None:
        camera = description.camera_of("scene")
        self._name = camera.name
        self._arm = arm_axes(description)
        self._judge = FrameJudge(FrameLimits.of(camera))
        self._pipeline = pipeline
        self._scene: Scene | None = None
        self.camera_fault = ""
        """As in `WorkerStatus`."""

    def look(self, frame: Frame, robot: Array, velocity: Array, now_ns: int, wanted: bool = True) -> Look:
        """Judge one frame, and make a scene of it if it is good.

        Args:
            frame: the next one of the scene camera.
            robot: its capsules when the frame was measured, see `robot_capsules`, (k, 8).
            velocity: of its axes, (axes,).
            now_ns: this moment.
            wanted: False when the profile in force wants no perception: the frame is judged alone.
        """
        verdict = self._judge.judge(frame, now_ns, moves(velocity[self._arm]))
        self._note(verdict)
        if not wanted:
            return NOTHING
        if not (verdict.ok and verdict.usable_rgb and verdict.usable_depth):  # a scene takes both
            return Look(self._remembered(), None)
        self._scene = self._pipeline.update(frame, robot, now_ns)
        if now_ns - frame.stamp_ns > LONGEST_LOOK_BACK_S * 1e9:  # the robot's own place is not known: say nothing
            return Look(self._scene, None)
        told = person_constraints(native.Source.perception, self._scene.stamp_ns, self._scene.person_distance_m)
        return Look(self._scene, told)

    def wait(self, now_ns: int) -> None:
        """Note that no new frame has come."""
        self._note(self._judge.wait(now_ns))

    def _note(self, verdict: FrameVerdict) -> None:
        self.camera_fault = noted(self.camera_fault, self._name, verdict)

    def _remembered(self) -> Scene | None:
        return None if self._scene is None else msgspec.structs.replace(self._scene, remembered_only=True)


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

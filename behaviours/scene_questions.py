"""Leaves that ask the scene, as perception believes it; never the simulator."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping

from py_trees.common import Status

from behaviours import keys
from behaviours.mission_leaf import LeafContext, MissionLeaf
from behaviours.ports import Binding, Input, Output
from perception.scene import SceneObject

_NS_PER_S = 1_000_000_000


class SceneQuestion(MissionLeaf):
    """Waits for a fresh look at one object, then answers; FAILURE when no look comes in time.

    In a mode in which nobody looks at objects it waits until there is another one.
    """

    kind = "condition"
    asks_only = True

    object = Input(str, "name of the object")
    max_age_s = Input(float, "s; an older look does not count", default=0.5)
    wait_s = Input(float, "s; how long to wait for a look", default=1.0)
    min_confidence = Input(float, "0..1; a less certain look does not count", default=0.5)

    def __init__(self, name: str, context: LeafContext, bindings: Mapping[str, Binding]) -> None:
        super().__init__(name, context, bindings)
        self._scene = context.board.reader(keys.SCENE, name)
        self._now = context.board.reader(keys.NOW, name)
        self._profile = context.board.reader(keys.PROFILE, name)
        self._begun_ns = 0

    @abc.abstractmethod
    def answer(self, seen: SceneObject) -> str:
        """Why the answer is no; empty = yes."""

    def begin(self) -> None:
        self._begun_ns = self._now.get()

    def step(self) -> Status:
        now_ns, scene = self._now.get(), self._scene.get()
        if not self._profile.get().perception_levels:  # nobody looks now: that is no answer
            self._begun_ns = now_ns
            self.feedback_message = "waits: objects are not looked at in this mode"
            return Status.RUNNING
        seen = scene.find(self.object) if scene is not None else None
        fresh = (
            seen is not None
            and seen.confidence >= self.min_confidence
            and now_ns - seen.measured_ns <= self.max_age_s * _NS_PER_S
        )
        if seen is not None and fresh:
            self.feedback_message = self.answer(seen)
            return Status.FAILURE if self.feedback_message else Status.SUCCESS
        if now_ns - self._begun_ns < self.wait_s * _NS_PER_S:
            self.feedback_message = f"looks for {self.object}"
            return Status.RUNNING
        if seen is None:
            self.feedback_message = f"{self.object} has not been seen"
        else:
            age_s = (now_ns - seen.measured_ns) / _NS_PER_S
            self.feedback_message = (
                f"{self.object} was last seen {age_s:.1f} s ago (allowed {self.max_age_s:g} s) with confidence "
                f"{seen.confidence:.2f} (needed {self.min_confidence:g})"
            )
        return Status.FAILURE


class LocateObject(SceneQuestion):
    """SUCCESS when perception sees the object now."""

    position = Output(tuple, "where it is, in the base frame, m")

    def answer(self, seen: SceneObject) -> str:
        self.position = seen.position_base
        return ""


class ObjectInBin(SceneQuestion):
    """SUCCESS when perception sees the object in the bin, clear of the hand, which may still hold it above the bin."""

    bin = Input(str, "name of the bin", names="bin")
    clear_m = Input(float, "m; nearer to the tool centre point it counts as in the hand", default=0.08)
    tolerance_m = Input(float, "m; by which the bin is widened", default=0.02)

    def __init__(self, name: str, context: LeafContext, bindings: Mapping[str, Binding]) -> None:
        super().__init__(name, context, bindings)
        self._robot = context.board.reader(keys.ROBOT_STATE, name)

    def answer(self, seen: SceneObject) -> str:
        robot = self._robot.get()
        if robot is not None and math.dist(robot.tcp_position_base, seen.position_base) < self.clear_m:
            return f"{self.object} is at the hand"
        if self.context.workcell.bins[self.bin].contains(seen.position_base, self.tolerance_m):
            return ""
        x, y, z = seen.position_base
        return f"{self.object} is at ({x:.3f}, {y:.3f}, {z:.3f}) m, not in {self.bin}"


class Holding(MissionLeaf):
    """SUCCESS when the hand holds the object: it was picked, and the gripper is still stopped by something."""

    kind = "condition"
    asks_only = True

    object = Input(str, "name of the object")

    def step(self) -> Status:
        if self.held != self.object:
            self.feedback_message = f"holds {self.held or 'nothing'}"
            return Status.FAILURE
        if not self.grips:
            self.feedback_message = "the gripper is empty"
            return Status.FAILURE
        self.feedback_message = ""
        return Status.SUCCESS

"""Leaves that run a skill: they start it, read its progress and, when interrupted, end it."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import ClassVar

from py_trees.common import Status

from behaviours import keys
from behaviours.mission_leaf import LeafContext, MissionLeaf
from behaviours.ports import Binding, Input
from behaviours.profile import PolicyKind
from policies import skill
from policies.skill import Goal


class SkillLeaf(MissionLeaf):
    """Runs one skill; SUCCESS or FAILURE as the skill ends.

    Attributes:
        needs: the controller that it needs. Where the profile does not allow it, the leaf starts nothing and the
            mission waits (see `trees.mission_node`).
    """

    needs: ClassVar[PolicyKind] = "learned"

    def __init__(self, name: str, context: LeafContext, bindings: Mapping[str, Binding]) -> None:
        super().__init__(name, context, bindings)
        self._profile = context.board.reader(keys.PROFILE, name)
        self._ticket: int | None = None

    timeout_s = Input(float, "s; the skill fails when it takes longer", default=40.0)
    high_value = Input(bool, "perception watches the scene as a whole (level 3) while the skill runs", default=False)

    @abc.abstractmethod
    def goal(self) -> Goal:
        """What the skill is to do."""

    def missing(self) -> str:
        """What the skill needs of the world and lacks, checked before it starts; empty = it may start."""
        return ""

    def started(self) -> None:  # optional
        """Called when the skill begins."""

    def ended(self, succeeded: bool) -> None:  # optional
        """Called when the skill ends by itself."""

    def begin(self) -> None:
        self._ticket = None

    def step(self) -> Status:
        if self._ticket is None:
            in_force = self._profile.get()
            if not in_force.allows(self.needs):
                self.feedback_message = f"needs a {self.needs} policy; the mode allows {in_force.policy}"
                return Status.RUNNING
            missing = self.missing()
            if missing:
                self.feedback_message = missing
                return Status.FAILURE
            self.started()
            self._ticket = self.context.skills.start(
                self.goal(),
                timeout_s=self.timeout_s,
                speed_scale=in_force.speed_scale,
                high_value=self.high_value,
            )
        progress = self.context.skills.progress(self._ticket)
        if progress.outcome == "running":
            self.feedback_message = progress.phase
            return Status.RUNNING
        self.ended(progress.outcome == "succeeded")
        self.feedback_message = progress.reason
        return Status.SUCCESS if progress.outcome == "succeeded" else Status.FAILURE

    def interrupted(self) -> None:
        """Called when the skill is ended from above."""

    def interrupt(self) -> None:
        if self._ticket is None:
            return
        self.feedback_message = "interrupted"
        if self.context.skills.cancel(self._ticket):
            self.ended(True)
        else:
            self.interrupted()


class MoveTo(SkillLeaf):
    """Moves the arm to a named pose."""

    pose = Input(str, "name of the pose", names="pose")

    def goal(self) -> Goal:
        return skill.MoveTo(self.pose)


class Pick(SkillLeaf):
    """Grasps an object where perception sees it, and lifts it."""

    object = Input(str, "name of the object")

    def goal(self) -> Goal:
        return skill.Pick(self.object)

    def started(self) -> None:
        self.context.held.set("")

    def ended(self, succeeded: bool) -> None:
        if succeeded or self.grips:
            self.context.held.set(self.object)

    def interrupted(self) -> None:
        self.ended(False)


class Place(SkillLeaf):
    """Puts what the hand holds into a bin."""

    needs = "reactive"
    bin = Input(str, "name of the bin", names="bin")

    def goal(self) -> Goal:
        return skill.Place(self.bin)

    def missing(self) -> str:
        if not self.held:
            return "nothing has been picked"
        if not self.grips:
            self.context.held.set("")
            return "the gripper is empty"
        return ""

    def ended(self, succeeded: bool) -> None:
        if succeeded or not self.grips:
            self.context.held.set("")

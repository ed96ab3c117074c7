"""The fallback worker's controller: stands still, or withdraws to a named pose slowly. It needs no images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.activity import Done, Step, View
from policies.follower import MotionGoal
from policies.kinematics import Kinematics
from policies.motion_source import MotionSource
from policies.move_to_pose import MoveToPose
from policies.skill import Assignment, MoveTo, Outcome, SkillReport
from policies.trajectory import NoMotion
from policies.workspace import Workspace
from rt_control.robot_file import RobotDescription

if TYPE_CHECKING:
    from rt_control._native import Command, State

SPEED = 0.12  # of the velocity limits: keeps the TCP near the 0.25 m/s of the reduced speed


class RetreatController:
    """While the fallback worker has the authority it always produces a chunk: it holds, and withdraws when told."""

    def __init__(self, description: RobotDescription, kinematics: Kinematics) -> None:
        from rt_control._native import Source

        self._workspace = Workspace(description, kinematics)
        self._source = MotionSource(self._workspace, Source.fallback)
        self._hold = MotionGoal()
        self._skill: int | None = None
        self._activity: MoveToPose | None = None
        self._end: SkillReport | None = None

    def tick(
        self, now_ns: int, state: State, assignment: Assignment | None
    ) -> tuple[Command | None, SkillReport | None]:
        """Hold, or go on with the assignment.

        Args:
            now_ns: this moment.
            state: the newest of `rt_control`.
            assignment: a `MoveTo` to withdraw to its pose; None to stand still. Any other goal fails, standing still.

        Returns:
            The command to write, None without authority; and how the assignment stands, None without one.
        """
        if (None if assignment is None else assignment.skill) != self._skill:
            self._begin(now_ns, assignment)
        epoch = state.epoch if assignment is None else assignment.epoch
        view = self._source.view(state, None, None)
        if view is None or not self._source.may_move(state, epoch):
            self._source.forget()
            return None, self._told(now_ns, "running", "wait for authority")
        phase, goal = "hold", self._hold
        if self._activity is not None and self._end is None:
            answer = self._activity.step(view)
            if isinstance(answer, Done):
                self._end = self._told(now_ns, "failed" if answer.reason else "succeeded", answer.phase, answer.reason)
            else:
                assert isinstance(answer.goal, MotionGoal), "no skill with a policy runs here"
                phase, goal = answer.phase, answer.goal
        command = self._command(view, state, epoch, Step(phase, goal, view.stamp_ns, None))
        return command, self._told(now_ns, "running", phase)

    def _begin(self, now_ns: int, assignment: Assignment | None) -> None:
        self._skill, self._activity, self._end = None, None, None
        self._source.forget()
        if assignment is None:
            return
        self._skill = assignment.skill
        if isinstance(assignment.goal, MoveTo):
            self._activity = MoveToPose(self._workspace, self._workspace, assignment.goal.pose, around=False)
        else:
            reason = "without perception and policy the arm only holds or withdraws"
            self._end = self._told(now_ns, "failed", "hold", reason)

    def _command(self, view: View, state: State, epoch: int, step: Step) -> Command | None:
        try:
            return self._source.command(step, view, state, epoch=epoch, skill=self._skill or 0, speed=SPEED)
        except NoMotion:
            return None  # the last chunk runs out and `rt_control` brakes

    def _told(self, now_ns: int, outcome: Outcome, phase: str, reason: str = "") -> SkillReport | None:
        if self._skill is None or self._end is not None:
            return self._end
        return SkillReport(self._skill, outcome, phase, reason, now_ns)

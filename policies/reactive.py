"""The fallback worker's controller: stands still, goes to a named pose, or puts down what is held; slowly.

It needs no images, no network and no learned model: where the hand has to be it knows from a table (`ReachTable`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from policies.activity import Done, Held, Step, View
from policies.cell import Cell
from policies.follower import MotionGoal
from policies.kinematics import Kinematics
from policies.motion_source import MotionSource
from policies.move_to_pose import MoveToPose
from policies.observation import PolicyTarget
from policies.phases import RAISED_M, Phases
from policies.place import PlaceInBin
from policies.reach_table import ReachTable
from policies.skill import Assignment, MoveTo, Outcome, Place, SkillReport
from policies.trajectory import NoMotion
from policies.workspace import Workspace
from rt_control.robot_file import RobotDescription

if TYPE_CHECKING:
    from rt_control._native import Command, State

SPEED = 0.12  # of the velocity limits: keeps the TCP near the 0.25 m/s of the reduced speed
NEAR_M = 0.005  # of the place, seen from above, before it goes down; of the height, before it lets go
OPEN_M = 0.006  # narrower than it shall open: open
PATH_STEP_M = 0.04
Stage = Literal["raise", "carry", "lower", "let go", "leave"]
Array = npt.NDArray[np.float64]


class Placing:
    """Brings the hand to where something is let go, by a law of where it is; remembers nothing but the last goal."""

    def __init__(self, cell: Cell, workspace: Workspace, table: ReachTable) -> None:
        self._cell, self._workspace, self._table = cell, workspace, table
        self._stage: Stage | None = None
        self._goal = MotionGoal()

    def goal(self, view: View, target: PolicyTarget, holds: bool) -> MotionGoal | None:
        """What to follow now; None where the table has no way.

        Args:
            view: the moment.
            target: where to let go.
            holds: whether there is something between the fingers.
        """
        stage = self._next(view, target, holds)
        if stage != self._stage:
            goal = self._make(stage, view, target)
            if goal is None:
                return None
            self._stage, self._goal = stage, goal
        return self._goal

    def _next(self, view: View, target: PolicyTarget, holds: bool) -> Stage:
        index = self._cell.gripper_index
        hand = self._cell.tcp(view.reference.position)[:3, 3]
        x, y, z = target.position_base
        if not holds:
            opened = index is not None and view.position[index] > target.opening - OPEN_M
            return "leave" if opened else "let go"
        if float(np.hypot(hand[0] - x, hand[1] - y)) > NEAR_M:
            return "carry" if hand[2] >= self._cell.travel_z - RAISED_M else "raise"
        return "lower" if hand[2] > z + NEAR_M else "let go"

    def _make(self, stage: Stage, view: View, target: PolicyTarget) -> MotionGoal | None:
        start = view.reference.position
        if stage == "let go":
            return MotionGoal((), target.opening)
        if stage == "raise":
            return MotionGoal(self._workspace.raised(start) or (start,))
        x, y, z = target.position_base
        hand_z, travel_z = float(self._cell.tcp(start)[2, 3]), self._cell.travel_z
        begin, end = {"carry": (travel_z, travel_z), "lower": (hand_z, z), "leave": (hand_z, travel_z)}[stage]
        heights = np.linspace(begin, end, max(round(abs(end - begin) / PATH_STEP_M), 1) + 1)[1:]
        waypoints = []
        for height in heights:
            found = self._table.look_up(np.array([x, y, height]))
            if found is None:
                return None
            point = start.copy()
            point[self._cell.arm] = found
            waypoints.append(point)
        return MotionGoal(tuple(waypoints), target.opening if stage == "leave" else None)


class ReactiveController:
    """While the fallback worker has the authority it always produces a chunk: it holds, and moves when told."""

    def __init__(self, description: RobotDescription, kinematics: Kinematics) -> None:
        from rt_control._native import Source

        self._workspace = Workspace(description, kinematics)
        self._table = ReachTable(description, kinematics)
        self._placing = self._new_placing()
        self._held: Held | None = None
        self._source = MotionSource(self._workspace, Source.fallback)
        self._hold = MotionGoal()
        self._skill: int | None = None
        self._begun_ns = 0
        self._activity: Phases | None = None
        self._end: SkillReport | None = None

    def tick(
        self, now_ns: int, state: State, assignment: Assignment | None
    ) -> tuple[Command | None, SkillReport | None]:
        """Hold, or go on with the assignment.

        Args:
            now_ns: this moment.
            state: the newest of `rt_control`.
            assignment: a `MoveTo` or a `Place`; None to stand still. Any other goal fails, standing still.

        Returns:
            The command to write, None without authority; and how the assignment stands, None without one.
        """
        if (None if assignment is None else assignment.skill) != self._skill:
            self._begin(now_ns, assignment)
        epoch = state.epoch if assignment is None else assignment.epoch
        view = self._source.view(state, None, self._held)
        if view is None or not self._source.may_move(state, epoch):
            self._source.forget()
            return None, self._told(now_ns, "running", "wait for authority")
        phase, goal = "hold", self._hold
        if self._activity is not None and self._end is None:
            moved_ns = now_ns - self._begun_ns
            answer = self._activity.step(replace(view, moved_ns=round(moved_ns * SPEED)))
            self._held = answer.held
            if isinstance(answer, Done):
                self._end = self._told(now_ns, "failed" if answer.reason else "succeeded", answer.phase, answer.reason)
            else:
                phase, goal = answer.phase, self._follow(now_ns, answer, view)
        command = self._command(view, state, epoch, Step(phase, goal, view.stamp_ns, None))
        return command, self._told(now_ns, "running", phase)

    def _begin(self, now_ns: int, assignment: Assignment | None) -> None:
        self._skill, self._activity, self._end = None, None, None
        self._begun_ns, self._held = now_ns, None
        self._placing = self._new_placing()
        self._source.forget()
        if assignment is None:
            return
        self._skill = assignment.skill
        if isinstance(assignment.goal, MoveTo):
            self._activity = MoveToPose(self._workspace, self._workspace, assignment.goal.pose, around=False)
        elif isinstance(assignment.goal, Place):
            self._activity = PlaceInBin(self._workspace, self._workspace, assignment.goal.bin_name)
        else:
            reason = "without perception and policy the arm only goes to named poses and puts down what it holds"
            self._end = self._told(now_ns, "failed", "hold", reason)

    def _new_placing(self) -> Placing:
        return Placing(self._workspace, self._workspace, self._table)

    def _follow(self, now_ns: int, step: Step, view: View) -> MotionGoal:
        """The goal of a step; where it is for a policy, the table's way there."""
        if isinstance(step.goal, MotionGoal):
            return step.goal
        assert self._activity is not None, "whose step it is"
        goal = self._placing.goal(view, step.goal, self._activity.grips(view))
        if goal is None:
            x, y, z = step.goal.position_base
            reason = f"the table of postures has no way to ({x:.2f}, {y:.2f}, {z:.2f}) m"
            self._end = self._told(now_ns, "failed", step.phase, reason)
            return self._hold
        return goal

    def _command(self, view: View, state: State, epoch: int, step: Step) -> Command | None:
        try:
            return self._source.command(step, view, state, epoch=epoch, skill=self._skill or 0, speed=SPEED)
        except NoMotion:
            return None  # the last chunk runs out and `rt_control` brakes

    def _told(self, now_ns: int, outcome: Outcome, phase: str, reason: str = "") -> SkillReport | None:
        if self._skill is None or self._end is not None:
            return self._end
        return SkillReport(self._skill, outcome, phase, reason, now_ns)

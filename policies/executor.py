"""Runs the assigned skill: each tick one command for `rt_control` and one report for the agent, or neither."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from perception.scene import Scene
from policies.activity import Activity, Done, Held, Step, View
from policies.chunk import make_chunk
from policies.follower import Follower, MotionGoal
from policies.inverse_kinematics import Kinematics
from policies.pick_place import make_activity
from policies.skill import Assignment, Outcome, SkillReport
from policies.trajectory import MotionLimits, NoMotion, Reference
from policies.workspace import Workspace
from rt_control.robot_file import RobotDescription

if TYPE_CHECKING:
    from rt_control._native import Command, State

Array = npt.NDArray[np.float64]

ACTIVE_TIME_LIMIT_NS = 40_000_000_000  # of one skill, counted only while the robot may move
TICK_LIMIT_NS = 100_000_000  # a longer gap between two ticks counts as this much
ARRIVED_POSITION = 0.02  # rad or m between reference and measured arm, at rest
ARRIVED_VELOCITY = 0.05  # rad/s or m/s

logger = logging.getLogger(__name__)


class PolicyExecutor:
    """The policy worker's core: a function of what it is given and of the skill that runs."""

    def __init__(self, description: RobotDescription, kinematics: Kinematics) -> None:
        self._workspace = Workspace(description, kinematics)
        self._axes = len(description.axis)
        self._follower = Follower(
            MotionLimits.of_robot(description),
            self._workspace.lower,
            self._workspace.upper,
            description.arm_indices,
            description.gripper_index,
        )
        self._assignment: Assignment | None = None
        self._activity: Activity | None = None
        self._goal = MotionGoal()
        self._held: Held | None = None
        self._report: SkillReport | None = None
        self._active_ns = 0
        self._last_ns: int | None = None
        self._command_id = 0

    def tick(
        self, now_ns: int, state: State, scene: Scene | None, assignment: Assignment | None
    ) -> tuple[Command | None, SkillReport | None]:
        """Advance the assigned skill.

        Args:
            now_ns: this moment.
            state: the newest of `rt_control`.
            scene: the newest of perception, if any.
            assignment: what the agent wants now; None: nothing, and nothing is produced.

        Returns:
            The command to write (None: write nothing; what was written before runs out and the robot holds) and how
            the skill stands.
        """
        if assignment is None:
            self._assignment = self._activity = self._report = None
            self._follower.forget()
            return None, None
        if self._assignment is None or assignment.skill != self._assignment.skill:
            self._begin(assignment)
        self._assignment = assignment
        if self._report is not None and self._report.outcome != "running":
            return None, self._report
        numbers = _numbers(state, self._axes)
        if not np.isfinite(numbers).all():
            return None, self._end(now_ns, "failed", "sense", "the state of the robot is not finite")
        if not self._may_move(state, assignment):
            self._last_ns = now_ns
            self._follower.forget()
            self._report = SkillReport(assignment.skill, "running", "wait for authority", "", now_ns)
            return None, self._report
        return self._advance(now_ns, state, numbers, scene, assignment)

    def _begin(self, assignment: Assignment) -> None:
        logger.debug("skill %d begins: %s", assignment.skill, assignment.goal)
        self._activity = make_activity(assignment.goal, self._workspace)
        self._follower.forget()
        self._goal = MotionGoal()
        self._report = None
        self._active_ns = 0
        self._last_ns = None

    def _may_move(self, state: State, assignment: Assignment) -> bool:
        from rt_control._native import Source

        return state.authority == Source.policy and state.epoch == assignment.epoch and not state.latched

    def _advance(
        self, now_ns: int, state: State, numbers: Array, scene: Scene | None, assignment: Assignment
    ) -> tuple[Command | None, SkillReport | None]:
        position, velocity, reference = numbers[0], numbers[1], Reference(numbers[2], numbers[3], numbers[4])
        if self._last_ns is not None and state.speed_scale > 0.0:
            self._active_ns += min(max(now_ns - self._last_ns, 0), TICK_LIMIT_NS)
        self._last_ns = now_ns
        phase = self._report.phase if self._report is not None else "start"
        if self._active_ns > ACTIVE_TIME_LIMIT_NS:
            seconds = ACTIVE_TIME_LIMIT_NS // 1_000_000_000
            return None, self._end(now_ns, "failed", phase, f"it took longer than {seconds} s, last in phase {phase!r}")
        view = View(state.stamp_ns, position, velocity, reference, self._arrived(position, velocity, reference), scene, self._held)
        if self._activity is None:
            return None, None
        answer = self._activity.step(view)
        self._held = answer.held
        if isinstance(answer, Done):
            return None, self._end(now_ns, "failed" if answer.reason else "succeeded", answer.phase, answer.reason)
        speed = min(max(assignment.speed_scale, 0.0), state.speed_scale, 1.0)
        try:
            command = self._command(answer, reference, state, speed, assignment)
        except NoMotion as error:
            return None, self._end(now_ns, "failed", answer.phase, str(error))
        self._report = SkillReport(assignment.skill, "running", answer.phase, "", now_ns)
        return command, self._report

    def _command(self, step: Step, reference: Reference, state: State, speed: float, assignment: Assignment) -> Command:
        self._goal = step.goal
        setpoints = self._follower.setpoints(step.goal, reference, state.stamp_ns, speed)
        self._command_id = max(self._command_id, int(state.command_id)) + 1
        return make_chunk(
            setpoints,
            start_ns=state.stamp_ns,
            observation_ns=step.observation_ns,
            epoch=assignment.epoch,
            skill=assignment.skill,
            command_id=self._command_id,
        )

    def _arrived(self, position: Array, velocity: Array, reference: Reference) -> bool:
        arm = self._workspace.arm
        return (
            self._follower.arrived(self._goal, reference)
            and float(np.abs(velocity[arm]).max()) < ARRIVED_VELOCITY
            and float(np.abs(position[arm] - reference.position[arm]).max()) < ARRIVED_POSITION
        )

    def _end(self, now_ns: int, outcome: Outcome, phase: str, reason: str) -> SkillReport:
        skill = self._assignment.skill if self._assignment is not None else 0
        logger.debug("skill %d %s in %s: %s", skill, outcome, phase, reason)
        self._follower.forget()
        self._report = SkillReport(skill, outcome, phase, reason, now_ns)
        return self._report


def _numbers(state: State, axes: int) -> Array:
    """What a plan rests on: measured position and velocity, and the reference's three, (5, axes)."""
    rows: Sequence[npt.ArrayLike] = (
        state.position,
        state.velocity,
        state.position_reference,
        state.velocity_reference,
        state.acceleration_reference,
    )
    return np.array([np.asarray(row, dtype=np.float64)[:axes] for row in rows])

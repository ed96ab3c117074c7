"""One writer of commands: what it reads from a state, when it may move, and how a step becomes a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from perception.scene import Scene
from policies.activity import Held, Step, View
from policies.cell import Cell
from policies.chunk import make_chunk
from policies.follower import CHUNK_NS, Follower, MotionGoal
from policies.learned_motion import LearnedMotion
from policies.local_planner import Plan
from policies.observation import GripperReading, PolicyTarget
from policies.obstacles import of_scene
from policies.planned_motion import PlannedMotion
from policies.trajectory import MotionLimits, Reference

if TYPE_CHECKING:
    from rt_control._native import Command, Source, State

Array = npt.NDArray[np.float64]

ARRIVED_POSITION = 0.02  # rad or m between reference and measured arm, at rest
ARRIVED_VELOCITY = 0.05  # rad/s or m/s
IMPLAUSIBLE = 1e3  # rad, m and their derivatives: no axis is, or moves, beyond this


class MotionSource:
    """Moves from the state's reference on, as planned or as the policy says, and numbers its commands."""

    def __init__(
        self,
        cell: Cell,
        source: Source,
        learned: LearnedMotion | None = None,
        planned: PlannedMotion | None = None,
    ) -> None:
        """Take what does not change.

        Args:
            cell: the robot.
            source: whose ring the commands go to.
            learned: moves to the targets of a policy; without it there may be none.
            planned: moves around things; without it goals are gone to straight, whatever they say.
        """
        description = cell.description
        self._cell = cell
        self._learned = learned
        self._planned = planned
        self._source = source
        self._axes = len(description.axis)
        self._follower = Follower(
            MotionLimits.of_robot(description),
            cell.lower,
            cell.upper,
            description.arm_indices,
            description.gripper_index,
        )
        self._goal = MotionGoal()
        self._command_id = 0

    def forget(self) -> None:
        """Drop plan and goal: the next motion begins at the reference."""
        self._follower.forget()
        self._goal = MotionGoal()
        if self._learned is not None:
            self._learned.forget()
        if self._planned is not None:
            self._planned.forget()

    def may_move(self, state: State, epoch: int) -> bool:
        """Whether `rt_control` takes motion from this source under this epoch now."""
        return bool(state.authority == self._source and state.epoch == epoch and not state.latched)

    def view(self, state: State, scene: Scene | None, held: Held | None) -> View | None:
        """The moment as a skill sees it; None if the state's numbers cannot be true."""
        rows = (
            state.position,
            state.velocity,
            state.position_reference,
            state.velocity_reference,
            state.acceleration_reference,
        )
        numbers = np.array([np.asarray(row, dtype=np.float64)[: self._axes] for row in rows])
        if not (np.abs(numbers) < IMPLAUSIBLE).all():  # also False for what is not a number
            return None
        position, velocity, reference = numbers[0], numbers[1], Reference(numbers[2], numbers[3], numbers[4])
        arm = self._cell.arm
        arrived_at = (
            self._goal
            if (
                self._follower.arrived(self._goal, reference)
                and float(np.abs(velocity[arm]).max()) < ARRIVED_VELOCITY
                and float(np.abs(position[arm] - reference.position[arm]).max()) < ARRIVED_POSITION
            )
            else None
        )
        blocked = "" if self._planned is None else self._planned.failed
        return View(int(state.stamp_ns), position, velocity, reference, arrived_at, scene, held, blocked=blocked)

    def command(self, step: Step, view: View, state: State, *, epoch: int, skill: int, speed: float) -> Command | None:
        """The next command; None while a policy has not answered.

        Args:
            step: what to do.
            view: the moment it was decided in.
            state: of the same moment.
            epoch: of the authority.
            skill: number of the execution.
            speed: 0..1 of the velocity limits that the plan may use; the scale in force bounds it too.

        Raises:
            NoMotion: nothing can be planned from here.
            PolicyFault: the policy cannot be used.
        """
        speed = min(max(speed, 0.0), max(float(state.speed_scale), 0.0), 1.0)
        if isinstance(step.goal, PolicyTarget):
            return self._learned_command(step, step.goal, view, state, epoch, skill, speed)
        if self._learned is not None:
            self._learned.forget()
        self._goal = followed = step.goal
        if step.goal.around and self._planned is not None:
            seen = of_scene(view.scene, view.held.name if view.held is not None else None)
            followed = self._planned.tick(view.stamp_ns, view.reference, step.goal, seen, view.held, speed)
        elif self._planned is not None:
            self._planned.forget()
        setpoints = self._follower.setpoints(followed, view.reference, int(state.trajectory_ns), speed)
        return make_chunk(
            setpoints,
            start_ns=int(state.trajectory_ns),
            end_ns=view.stamp_ns + CHUNK_NS,
            observation_ns=step.observation_ns,
            epoch=epoch,
            skill=skill,
            command_id=self._next_id(state),
            source=self._source,
        )

    @property
    def on_the_way(self) -> tuple[float | None, str]:
        """Of a motion around things: what is left to the nearest, m, and its name; or None and what is waited for."""
        planned = self._planned
        if planned is None or planned.clearance is None:
            return None, "" if planned is None else planned.waits_for
        left = planned.clearance
        return (left.clearance_m, left.nearest) if isinstance(left, Plan) else (left.least_m, left.what)

    def _learned_command(
        self, step: Step, target: PolicyTarget, view: View, state: State, epoch: int, skill: int, speed: float
    ) -> Command | None:
        index = self._cell.gripper_index
        assert self._learned is not None and index is not None, "a skill with a policy runs on a robot with a gripper"
        self._follower.forget()
        self._goal = MotionGoal()
        if self._planned is not None:
            self._planned.forget()
        gripper = GripperReading(float(view.position[index]), float(view.velocity[index]))
        told = self._learned.tick(
            view.stamp_ns, view.reference, int(state.trajectory_ns), gripper, target, step.observation_ns, speed
        )
        if told is None:
            return None
        return make_chunk(
            told.positions,
            start_ns=told.start_ns,
            end_ns=told.end_ns,
            observation_ns=told.observation_ns,
            epoch=epoch,
            skill=skill,
            command_id=self._next_id(state),
            source=self._source,
        )

    def _next_id(self, state: State) -> int:
        self._command_id = max(self._command_id, int(state.command_id)) + 1
        return self._command_id

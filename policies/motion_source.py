"""One writer of commands: what it reads from a state, when it may move, and how a step becomes a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from perception.scene import Scene
from policies.activity import Held, Step, View
from policies.chunk import make_chunk
from policies.follower import CHUNK_NS, Follower, MotionGoal
from policies.trajectory import MotionLimits, Reference
from policies.workspace import Workspace

if TYPE_CHECKING:
    from rt_control._native import Command, Source, State

Array = npt.NDArray[np.float64]

ARRIVED_POSITION = 0.02  # rad or m between reference and measured arm, at rest
ARRIVED_VELOCITY = 0.05  # rad/s or m/s
IMPLAUSIBLE = 1e3  # rad, m and their derivatives: no axis is, or moves, beyond this


class MotionSource:
    """Plans from the state's reference and numbers its commands."""

    def __init__(self, workspace: Workspace, source: Source) -> None:
        description = workspace.description
        self._workspace = workspace
        self._source = source
        self._axes = len(description.axis)
        self._follower = Follower(
            MotionLimits.of_robot(description),
            workspace.lower,
            workspace.upper,
            description.arm_indices,
            description.gripper_index,
        )
        self._goal = MotionGoal()
        self._command_id = 0

    def forget(self) -> None:
        """Drop plan and goal: the next motion begins at the reference."""
        self._follower.forget()
        self._goal = MotionGoal()

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
        arm = self._workspace.arm
        arrived_at = (
            self._goal
            if (
                self._follower.arrived(self._goal, reference)
                and float(np.abs(velocity[arm]).max()) < ARRIVED_VELOCITY
                and float(np.abs(position[arm] - reference.position[arm]).max()) < ARRIVED_POSITION
            )
            else None
        )
        return View(int(state.stamp_ns), position, velocity, reference, arrived_at, scene, held)

    def command(self, step: Step, view: View, state: State, *, epoch: int, skill: int, speed: float) -> Command:
        """The next command.

        Args:
            step: what to do.
            view: the moment it was decided in.
            state: of the same moment.
            epoch: of the authority.
            skill: number of the execution.
            speed: 0..1 of the velocity limits that the plan may use; the scale in force bounds it too.

        Raises:
            NoMotion: nothing can be planned from here.
        """
        self._goal = step.goal
        speed = min(max(speed, 0.0), max(float(state.speed_scale), 0.0), 1.0)
        setpoints = self._follower.setpoints(step.goal, view.reference, int(state.trajectory_ns), speed)
        self._command_id = max(self._command_id, int(state.command_id)) + 1
        return make_chunk(
            setpoints,
            start_ns=int(state.trajectory_ns),
            end_ns=view.stamp_ns + CHUNK_NS,
            observation_ns=step.observation_ns,
            epoch=epoch,
            skill=skill,
            command_id=self._command_id,
            source=self._source,
        )

"""Keeps one plan from the reference to the current goal, and cuts setpoints out of it.

The plan stays as long as the drives' reference follows it, so that the seams between chunks are exact. Where the
reference has left it (the shield slowed or stopped the motion), a new plan begins at the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policies.trajectory import JointMotion, Motion, MotionLimits, NoMotion, PathMotion, Reference, StopMotion

Array = npt.NDArray[np.float64]

SETPOINTS = 32
SPACING_NS = 10_000_000
CHUNK_NS = (SETPOINTS - 1) * SPACING_NS  # 310 ms ahead
DEVIATION_LIMIT = 2e-3  # rad or m between plan and reference, before a new plan is made
DEVIATION_TIME_S = 2e-3  # a reference that is early or late by so much has not left the plan either
SPEED_CHANGE = 0.1  # relative change of the speed in force, before a new plan is made
ARRIVED = 1e-3  # rad or m


@dataclass(frozen=True, slots=True, eq=False)
class MotionGoal:
    """Where to go. The same object stands for the same goal from tick to tick.

    Attributes:
        waypoints: positions (axes,) to pass; one is a motion in joint space, several are one smooth curve, none is
            standing still.
        gripper: position of the gripper's axis; None leaves it where it is told to be now.
        speed: 0..1 of the speed that the assignment allows.
        around: the way to the only waypoint is the local planner's, around what stands in between.
    """

    waypoints: tuple[Array, ...] = ()
    gripper: float | None = None
    speed: float = 1.0
    around: bool = False


@dataclass(slots=True)
class _Plan:
    goal: MotionGoal
    waypoints: tuple[Array, ...]  # of the arm, (arm axes,)
    start_ns: int
    speed: float
    arm: Motion
    gripper: Motion | None
    gripper_start_ns: int


class Follower:
    """Turns goals into setpoints; holds nothing but the plan."""

    def __init__(
        self, limits: MotionLimits, lower: Array, upper: Array, arm: Sequence[int], gripper: int | None
    ) -> None:
        """Take what does not change.

        Args:
            limits: to plan with.
            lower, upper: position limits, (axes,); no setpoint leaves them.
            arm: indices of the arm's axes.
            gripper: index of the gripper's axis, or None.
        """
        self._limits = limits
        self._lower, self._upper = lower, upper
        self._arm = np.array(arm)
        self._gripper = None if gripper is None else np.array([gripper])
        self._offsets_s: Array = np.arange(SETPOINTS, dtype=np.float64) * (SPACING_NS * 1e-9)
        self._plan: _Plan | None = None

    def forget(self) -> None:
        """Drop the plan: the next one begins at the reference."""
        self._plan = None

    def setpoints(self, goal: MotionGoal, reference: Reference, trajectory_ns: int, speed: float) -> Array:
        """Setpoints (SETPOINTS, axes), SPACING_NS apart, the first at `trajectory_ns`.

        Args:
            goal: where to go.
            reference: what the drives were told at `trajectory_ns`.
            trajectory_ns: of the reference.
            speed: 0..1 of the velocity limits.

        Raises:
            NoMotion: nothing can be planned from this reference.
        """
        plan = self._plan
        if plan is None or plan.goal is not goal or self._left(plan, reference, trajectory_ns, speed):
            plan = self._plan = self._make(goal, reference, trajectory_ns, speed)
        times: Array = self._offsets_s + (trajectory_ns - plan.start_ns) * 1e-9
        positions = np.empty((SETPOINTS, len(reference.position)))
        positions[:] = reference.position
        positions[:, self._arm] = plan.arm.positions(times)
        if plan.gripper is not None and self._gripper is not None:
            times = self._offsets_s + (trajectory_ns - plan.gripper_start_ns) * 1e-9
            positions[:, self._gripper] = plan.gripper.positions(times)
        if not np.isfinite(positions).all():
            raise NoMotion("the plan from here is not finite")
        return np.minimum(np.maximum(positions, self._lower), self._upper)

    def arrived(self, goal: MotionGoal, reference: Reference) -> bool:
        """Whether the reference stands at the end of the goal."""
        if np.abs(reference.velocity).max() > ARRIVED:
            return False
        if goal.waypoints and np.abs(reference.position - goal.waypoints[-1])[self._arm].max() > ARRIVED:
            return False
        if goal.gripper is None or self._gripper is None:
            return True
        return bool(np.abs(reference.position[self._gripper] - goal.gripper).max() <= ARRIVED)

    def _left(self, plan: _Plan, reference: Reference, trajectory_ns: int, speed: float) -> bool:
        return (
            abs(speed - plan.speed) > SPEED_CHANGE * plan.speed
            or _has_left(plan.arm, trajectory_ns - plan.start_ns, reference.of(self._arm))
            or self._gripper_left(plan, reference, trajectory_ns)
        )

    def _gripper_left(self, plan: _Plan, reference: Reference, trajectory_ns: int) -> bool:
        if plan.gripper is None or self._gripper is None:
            return False
        return _has_left(plan.gripper, trajectory_ns - plan.gripper_start_ns, reference.of(self._gripper))

    def _make(self, goal: MotionGoal, reference: Reference, trajectory_ns: int, speed: float) -> _Plan:
        limits = self._limits.at_speed(speed * goal.speed)
        arm_reference, arm_limits = reference.of(self._arm), limits.of(self._arm)
        waypoints = tuple(point[self._arm] for point in goal.waypoints)
        if self._plan is not None and self._plan.goal is goal:
            waypoints = self._plan.waypoints
        arm: Motion
        if not waypoints:
            arm = StopMotion(arm_reference, arm_limits)
        elif len(goal.waypoints) == 1:
            arm = JointMotion(arm_reference, waypoints[0], arm_limits)
        else:
            waypoints = _ahead(waypoints, arm_reference.position)
            arm = PathMotion(arm_reference, waypoints, arm_limits)
        gripper, gripper_start_ns = self._make_gripper(goal, reference, trajectory_ns)
        return _Plan(goal, waypoints, trajectory_ns, speed, arm, gripper, gripper_start_ns)

    def _make_gripper(self, goal: MotionGoal, reference: Reference, trajectory_ns: int) -> tuple[Motion | None, int]:
        """The gripper's motion and its start; the one that is under way to the same place goes on."""
        if self._gripper is None:
            return None, trajectory_ns
        before = self._plan
        if (
            before is not None
            and before.goal.gripper == goal.gripper
            and not self._gripper_left(before, reference, trajectory_ns)
        ):
            return before.gripper, before.gripper_start_ns
        at, within = reference.of(self._gripper), self._limits.of(self._gripper)
        if goal.gripper is None:
            return StopMotion(at, within), trajectory_ns
        return JointMotion(at, np.array([goal.gripper]), within), trajectory_ns


def _has_left(motion: Motion, elapsed_ns: int, reference: Reference) -> bool:
    planned = motion.positions(np.array([max(elapsed_ns * 1e-9, 0.0)]))[0]
    allowed = DEVIATION_LIMIT + DEVIATION_TIME_S * np.abs(reference.velocity)
    return bool((np.abs(planned - reference.position) > allowed).any())


def _ahead(waypoints: tuple[Array, ...], position: Array) -> tuple[Array, ...]:
    """The waypoints that are still to come, seen from a position on or near their polyline; at least the last."""
    while len(waypoints) > 1 and float((waypoints[1] - waypoints[0]) @ (position - waypoints[0])) > -1e-9:
        waypoints = waypoints[1:]
    return waypoints

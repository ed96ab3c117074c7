"""Motions from the reference that the drives follow now to a goal, limited in velocity, acceleration and jerk.

Time-optimal profiles are ruckig's (Berscheid and Kroeger 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from ruckig import ControlInterface, InputParameter, Result, Ruckig, RuckigError, Synchronization, Trajectory
from scipy.interpolate import CubicSpline

from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]

LIMIT_SHARE = 0.9  # of rt_control's limits, so that the shield has nothing to do
ACCELERATION_SHARE = 0.6  # of the axes' acceleration: what is held in the fingers must not slip
JERK_TIME_S = 0.06  # an acceleration builds up no faster than this, whatever the axis allows: no vibration
GRIPPER_JERK_TIME_S = 0.12  # a short stroke: at the seams of chunks its acceleration would exceed its limit
SHORTEST = 1e-6  # rad or m: points that are nearer are the same
NOTHING = 1e-9  # rad/s or m/s, and the same with s^2: what is less stands
SPEED_FLOOR = 0.02  # a plan needs a velocity limit above zero


class NoMotion(Exception):
    """There is no motion from this reference; the caller holds still and reports the reason."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What the drives are told at one moment: position, velocity and acceleration, each (axes,)."""

    position: Array
    velocity: Array
    acceleration: Array

    def of(self, axes: Array) -> Reference:
        """The same for some axes alone (indices)."""
        return Reference(self.position[axes], self.velocity[axes], self.acceleration[axes])


@dataclass(frozen=True, slots=True)
class MotionLimits:
    """Largest velocity, acceleration and jerk of each axis, (axes,)."""

    velocity: Array
    acceleration: Array
    jerk: Array

    @classmethod
    def of_robot(cls, description: RobotDescription) -> MotionLimits:
        """What motions are planned with: below what `rt_control` enforces."""
        velocity = np.array([axis.velocity for axis in description.axis])
        acceleration = np.array([axis.acceleration for axis in description.axis]) * ACCELERATION_SHARE
        jerk = np.array([axis.jerk for axis in description.axis]) * LIMIT_SHARE
        build_up_s = np.full(len(description.axis), JERK_TIME_S)
        if description.gripper_index is not None:
            build_up_s[description.gripper_index] = GRIPPER_JERK_TIME_S
        return cls(velocity * LIMIT_SHARE, acceleration, np.minimum(jerk, acceleration / build_up_s))

    def at_speed(self, scale: float) -> MotionLimits:
        """The limits with the velocity scaled (0..1)."""
        return MotionLimits(self.velocity * max(scale, SPEED_FLOOR), self.acceleration, self.jerk)

    def of(self, axes: Array) -> MotionLimits:
        """The same for some axes alone (indices)."""
        return MotionLimits(self.velocity[axes], self.acceleration[axes], self.jerk[axes])


class Motion(Protocol):
    """Where some axes are at each time since its start."""

    @property
    def duration_s(self) -> float: ...

    def positions(self, times_s: Array) -> Array:
        """Positions (times, axes); those after the end are the last."""
        ...


class JointMotion:
    """The fastest motion to a joint target, along a straight line in joint space when it starts at rest."""

    def __init__(self, start: Reference, target: Array, limits: MotionLimits) -> None:
        request = _request(start, limits)
        request.target_position = target.tolist()
        request.synchronization = Synchronization.Phase
        self._trajectory = _solve(request)
        self.duration_s: float = self._trajectory.duration

    def positions(self, times_s: Array) -> Array:
        return np.array([self._trajectory.at_time(time)[0] for time in times_s.tolist()])


class StopMotion:
    """The fastest way to stand still: each axis brakes on its own."""

    def __init__(self, start: Reference, limits: MotionLimits) -> None:
        request = _request(start, limits)
        request.control_interface = ControlInterface.Velocity
        request.synchronization = Synchronization.No
        self._trajectory = _solve(request)
        self.duration_s: float = self._trajectory.duration

    def positions(self, times_s: Array) -> Array:
        times = np.minimum(times_s, self.duration_s).tolist()
        return np.array([self._trajectory.at_time(time)[0] for time in times])


class PathMotion:
    """A motion through via-points along one smooth curve in joint space, at rest at its end.

    The curve is a cubic spline over the joint-space length; the profile along it is planned as one axis whose limits
    are the tightest that any real axis needs anywhere on the curve.
    """

    def __init__(self, start: Reference, waypoints: Sequence[Array], limits: MotionLimits) -> None:
        points = np.array([start.position, *waypoints])  # (k, axes)
        lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        kept = np.concatenate([[True], np.diff(lengths) > SHORTEST])
        points, lengths = points[kept], lengths[kept]
        if len(points) < 2:  # already there
            points, lengths = np.array([start.position, waypoints[-1]]), np.array([0.0, SHORTEST])
        self._curve = CubicSpline(lengths, points, bc_type="natural")
        self._length = float(lengths[-1])
        tangents = np.abs(self._curve(np.linspace(0.0, self._length, 24), 1)).max(axis=0) + SHORTEST
        bends = np.abs(self._curve(lengths, 2)).max(axis=0) + SHORTEST  # piecewise linear: largest at a via-point
        speed = float(np.minimum(limits.velocity / tangents, np.sqrt(0.5 * limits.acceleration / bends)).min())
        first_tangent = self._curve(0.0, 1)
        along = first_tangent / max(float(first_tangent @ first_tangent), SHORTEST)
        request = InputParameter(1)
        request.current_position = [0.0]
        request.current_velocity = [min(max(float(along @ start.velocity), 0.0), speed)]
        request.current_acceleration = [0.0]
        request.target_position = [self._length]
        request.max_velocity = [speed]
        request.max_acceleration = [float((0.5 * limits.acceleration / tangents).min())]
        request.max_jerk = [float((0.5 * limits.jerk / tangents).min())]
        self._profile = _solve(request)
        self.duration_s: float = self._profile.duration

    def positions(self, times_s: Array) -> Array:
        lengths = [min(self._profile.at_time(time)[0][0], self._length) for time in times_s.tolist()]
        return np.asarray(self._curve(np.array(lengths)), dtype=np.float64)


def _request(start: Reference, limits: MotionLimits) -> InputParameter:
    request = InputParameter(len(start.position))
    request.current_position = start.position.tolist()
    # Next to nothing is nothing: a velocity of 1e-12 rad/s may have no profile in ruckig's arithmetic.
    acceleration = np.clip(start.acceleration, -limits.acceleration, limits.acceleration)
    request.current_velocity = np.where(np.abs(start.velocity) > NOTHING, start.velocity, 0.0).tolist()
    request.current_acceleration = np.where(np.abs(acceleration) > NOTHING, acceleration, 0.0).tolist()
    request.max_velocity = limits.velocity.tolist()
    request.max_acceleration = limits.acceleration.tolist()
    request.max_jerk = limits.jerk.tolist()
    return request


def _solve(request: InputParameter) -> Trajectory:
    trajectory = Trajectory(request.degrees_of_freedom)
    try:
        result = Ruckig(request.degrees_of_freedom).calculate(request, trajectory)
    except RuckigError as error:
        raise NoMotion(f"no motion can be planned from here: {str(error).strip()}") from None
    if result not in (Result.Working, Result.Finished):
        raise NoMotion(f"no motion can be planned from here: ruckig answers {result.name}")
    return trajectory

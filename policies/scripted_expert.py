"""The expert that demonstrations are recorded of: a feedback law, so that it recovers from wherever it is.

Each step sees robot and target anew and remembers no phase: high above the table where the target is far, down a
funnel where it is near, fingers closed where it is reached, up where something is held.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from policies.cell import Cell
from policies.grasp import EMPTY_M, PRESSES_M
from policies.kinematics import Kinematics
from policies.observation import GripperReading, PolicyTarget
from policies.trajectory import MotionLimits
from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]

PERIOD_S = 0.01
NEAR_M = 2.5e-3  # of the target, in each direction, before the fingers move
NEAR_RAD = math.radians(3.0)
STAYS_M = 8e-3  # and while they move
CLOSES_MPS = 0.002  # fingers that are told to close faster than this go on
HARD_M = 8e-3  # the fingers press so much before it is lifted, on their axis
FUNNEL = {"pick": (0.004, 4.0), "place": (0.008, 12.0)}  # lateral distance at its bottom, m; height for each m more
YAW_HEIGHT_M = 0.06  # above the target while the hand is turned wrongly
REOPEN_HEIGHT_M = 0.05
LOW_M, LOWEST_M = 0.02, 0.07  # below the funnel: from here sideways motion ends, and here it has ended
DAMPING = 1e-4  # of the inverse of the Jacobian
POSTURE_GAIN = 2.0  # 1/s
SLOW_BELOW_M = 0.10  # above the target
SLOW = 0.6
APPROACH_S = 0.16  # time constant of the last part of the way
BRAKING_SHARE = 0.7  # of the acceleration that is counted on for braking
VELOCITY_S = 0.04  # time constant of the velocity
FINGER_SHARE = 0.9  # of the fingers' velocity
BUILD_UP_S = 0.03  # an acceleration builds up no faster than this


class ScriptedExpert:
    """One step each PERIOD_S."""

    def __init__(self, description: RobotDescription, kinematics: Kinematics, build_up_s: float = BUILD_UP_S) -> None:
        """Take what does not change.

        Args:
            description: of the robot.
            kinematics: of the robot.
            build_up_s: an acceleration builds up no faster than this.

        Raises:
            ValueError: the robot has no gripper.
        """
        self._cell = Cell(description, kinematics)
        if description.gripper_index is None:
            raise ValueError(f"robot {description.name} has no gripper; the expert picks and places")
        self._gripper = description.gripper_index
        self._arm = np.array(description.arm_indices)
        self._kinematics = kinematics
        self._limits = MotionLimits.of_robot(description)
        self._home = np.array(description.home)
        self._closed = self._cell.gripper_at(0.0)
        self._build_up = self._limits.acceleration * (PERIOD_S / max(build_up_s, PERIOD_S))
        self._acceleration = np.zeros(len(description.axis))

    def reset(self) -> None:
        """Forget the acceleration of the step before."""
        self._acceleration[:] = 0.0

    def step(
        self, reference: Array, velocity: Array, gripper: GripperReading, target: PolicyTarget
    ) -> tuple[Array, Array]:
        """The reference and its velocity PERIOD_S later, each (axes,).

        Args:
            reference: what the drives are told now, (axes,).
            velocity: its velocity, (axes,).
            gripper: measured.
            target: where to.
        """
        tcp = self._kinematics.forward(reference)
        fingers = float(reference[self._gripper]), float(velocity[self._gripper])
        wished, opening, speed = self._wish(tcp, fingers, gripper, target)
        limits, arm = self._limits, self._arm
        fastest = limits.velocity[arm] * speed
        way, pull = self._way(reference, tcp, wished, self._turn(tcp, wished, target))
        rates = np.zeros_like(reference)
        remaining_s = float((np.abs(way) / fastest).max())
        if remaining_s > 1e-9:
            braking = BRAKING_SHARE * float((limits.acceleration[arm] / fastest).min())
            share = min(1.0, remaining_s / APPROACH_S, math.sqrt(2.0 * braking * remaining_s))
            rates[arm] = way / remaining_s * share
        rates[arm] = np.clip(rates[arm] + pull, -limits.velocity[arm], limits.velocity[arm])
        fastest_finger = FINGER_SHARE * float(limits.velocity[self._gripper])
        rates[self._gripper] = np.clip(
            (opening - reference[self._gripper]) / APPROACH_S, -fastest_finger, fastest_finger
        )
        wanted = self._within((rates - velocity) / VELOCITY_S, limits.acceleration)
        self._acceleration = self._acceleration + self._within(wanted - self._acceleration, self._build_up)
        new_velocity = velocity + self._acceleration * PERIOD_S
        moved = reference + 0.5 * (velocity + new_velocity) * PERIOD_S
        return np.clip(moved, self._cell.lower, self._cell.upper), new_velocity

    def _wish(
        self, tcp: Array, fingers: tuple[float, float], gripper: GripperReading, target: PolicyTarget
    ) -> tuple[Array, float, float]:
        """Where the TCP shall be (3,), where the fingers, and how fast the arm may be (0..1)."""
        told, opens = fingers
        position = tcp[:3, 3]
        goal = np.array(target.position_base)
        off = goal - position
        yaw_off = abs(self._turn(tcp, goal, target))
        lateral = math.hypot(off[0], off[1])
        pressed = gripper.position - told
        holds = 2.0 * gripper.position > EMPTY_M and pressed > PRESSES_M
        up = np.array([position[0], position[1], self._cell.travel_z])
        at_open = told > target.opening - 2e-3
        reach = NEAR_M if at_open == (target.task == "pick") else STAYS_M
        there = lateral < reach and abs(off[2]) < reach and yaw_off < NEAR_RAD
        if target.task == "pick":
            if holds:
                hard = pressed >= min(HARD_M, 0.6 * gripper.position)
                return (up if hard else position.copy()), self._closed, SLOW
            if there and (at_open or opens < -CLOSES_MPS):
                return goal, self._closed, SLOW
        elif not holds:
            opened = gripper.position > target.opening - 6e-3
            return (up if opened else position.copy()), target.opening, SLOW
        elif there:
            return goal, target.opening, SLOW
        bottom, slope = FUNNEL[target.task]
        height = max(lateral - bottom, 0.0) * slope
        height = max(height, YAW_HEIGHT_M * min(max(yaw_off - NEAR_RAD, 0.0) / 0.3, 1.0))
        if target.task == "pick" and told < target.opening - 4e-3:
            height = max(height, REOPEN_HEIGHT_M)
        top = self._cell.travel_z - goal[2]
        height = min(height, top)
        wished = goal + (0.0, 0.0, height)
        below = wished[2] - position[2]
        sideways = min(max((LOWEST_M - below) / (LOWEST_M - LOW_M), 0.0), 1.0)
        wished[:2] = position[:2] + sideways * off[:2]
        wide = self._closed if target.task == "place" else target.opening
        slow = min(max((position[2] - goal[2]) / SLOW_BELOW_M, 0.0), 1.0)
        speed = SLOW + (0.9 - SLOW) * slow
        return wished, wide, speed

    def _within(self, change: Array, most: Array) -> Array:
        """The same inside limits: the arm's axes by one factor, so that it keeps to its way, fingers by their own."""
        kept = np.clip(change, -most, most)
        arm = self._arm
        kept[arm] = change[arm] / max(float((np.abs(change[arm]) / most[arm]).max()), 1.0)
        return kept

    def _turn(self, tcp: Array, wished: Array, target: PolicyTarget) -> float:
        """About the vertical, rad: the way round that the wrist can go, even if it is the longer one."""
        yaw, easy = math.atan2(tcp[1, 0], tcp[0, 0]), self._cell.easy_yaw(tcp[:2, 3])
        easy_there = self._cell.easy_yaw(wished)
        wrist = math.remainder(target.yaw_rad - easy_there, math.tau) - math.remainder(yaw - easy, math.tau)
        return wrist + math.remainder(easy_there - easy, math.tau)

    def _way(self, reference: Array, tcp: Array, wished: Array, turn: float) -> tuple[Array, Array]:
        """How far each axis is from where the TCP is at a place and points down, and how fast the posture is mended.

        Both (k,), rad and rad/s, for the axes of the arm; the first as far as a straight line tells.
        """
        upright = np.cross(tcp[:3, 2], (0.0, 0.0, -1.0))
        error = np.array([*(wished - tcp[:3, 3]), upright[0], upright[1], turn])
        jacobian = self._kinematics.jacobian(reference)[:, self._arm]  # (6, k)
        inverse = jacobian.T @ np.linalg.inv(jacobian @ jacobian.T + DAMPING * np.eye(6))  # (k, 6)
        pull = POSTURE_GAIN * (self._home - reference)[self._arm]
        pull[0] = 0.0  # the first axis only aims the arm
        return inverse @ error, pull - inverse @ (jacobian @ pull)

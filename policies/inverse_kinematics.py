"""Joint positions that bring the gripper to a pose.

Damped least squares (Wampler 1986; the damping grows with the error as in Levenberg-Marquardt, Sugihara 2011) with a
pull towards a preferred posture in the null space of the task (Liegeois 1977).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policies.kinematics import Kinematics

Array = npt.NDArray[np.float64]

POSITION_TOLERANCE_M = 1e-5
ROTATION_TOLERANCE_RAD = 1e-4
ITERATIONS = 40
STEP_LIMIT_RAD = 0.4
NULL_SPACE_GAIN = 0.3


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Why no solution was found, in plain words."""

    reason: str


def rotation_vector(rotation: Array) -> Array:
    """Axis times angle (rad, 0..pi) of a rotation matrix (3, 3)."""
    axis = 0.5 * np.array(
        [rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]]
    )
    sine = math.sqrt(float(axis @ axis))
    cosine = 0.5 * (float(np.trace(rotation)) - 1.0)
    if sine > 1e-9:
        return axis * (math.atan2(sine, cosine) / sine)
    if cosine > 0.0:
        return axis
    half_turn = np.sqrt(np.clip((np.diag(rotation) + 1.0) / 2.0, 0.0, 1.0))
    largest = int(np.argmax(half_turn))
    signs = np.where(rotation[largest] < 0.0, -1.0, 1.0)
    signs[largest] = 1.0
    return math.pi * half_turn * signs


def pose_pointing_down(position_base: Sequence[float] | Array, yaw_rad: float) -> Array:
    """Pose base_from_tcp (4, 4) with the TCP's z axis straight down and its x axis at `yaw_rad` from the base's x axis.

    The fingers close along the TCP's y axis, so an object whose long side lies at `yaw_rad` is grasped across it.
    """
    cosine, sine = math.cos(yaw_rad), math.sin(yaw_rad)
    x, y, z = (float(value) for value in position_base)
    return np.array([[cosine, sine, 0.0, x], [sine, -cosine, 0.0, y], [0.0, 0.0, -1.0, z], [0.0, 0.0, 0.0, 1.0]])


class InverseKinematics:
    """Solves for the arm's axes; every other axis (the gripper) keeps the value of the seed."""

    def __init__(
        self, kinematics: Kinematics, lower: Array, upper: Array, preferred: Array, arm: Array, margin: float = 0.05
    ) -> None:
        """Take what does not change.

        Args:
            kinematics: of the robot.
            lower: axis limits, (axes,), rad or m.
            upper: axis limits, (axes,), rad or m.
            preferred: posture (axes,) that the null space pulls to and that seeds the search.
            arm: indices of the axes that may move, (k,).
            margin: distance kept from both limits of the arm's axes, rad.
        """
        self._kinematics = kinematics
        self._lower = lower[arm] + margin
        self._upper = upper[arm] - margin
        self._preferred = np.array(preferred, dtype=np.float64)
        self._arm = arm

    def solve(self, pose_base_from_tcp: Array, seeds: Iterable[Array]) -> Array | Unreachable:
        """The first solution (axes,) that a seed (axes,) leads to, inside the limits; or why there is none."""
        best = (math.inf, math.inf)
        for seed in seeds:
            position, distance, angle = self._descend(pose_base_from_tcp, seed)
            if distance <= POSITION_TOLERANCE_M and angle <= ROTATION_TOLERANCE_RAD:
                return position
            best = min(best, (distance, angle))
        x, y, z = pose_base_from_tcp[:3, 3]
        return Unreachable(
            f"the gripper cannot reach ({x:.3f}, {y:.3f}, {z:.3f}) m with this orientation: "
            f"{best[0] * 1000.0:.0f} mm and {math.degrees(best[1]):.0f} deg are missing"
        )

    def solve_down(self, position_base: Array, yaws_rad: Iterable[float], start: Array) -> Array | Unreachable:
        """The solution with the gripper pointing down that turns the wrist the least.

        Args:
            position_base: of the TCP, (3,), m.
            yaws_rad: yaws that serve equally well; each also stands for itself turned by a half turn, because the
                gripper is symmetric.
            start: where the arm comes from, (axes,).
        """
        aimed = self._aimed(position_base, start)
        aimed_x = self._kinematics.forward(aimed)[:2, 0]
        aimed_yaw = math.atan2(aimed_x[1], aimed_x[0])
        candidates = [turned for yaw in yaws_rad for turned in (yaw, yaw + math.pi)]
        candidates.sort(key=lambda yaw: abs(math.remainder(yaw - aimed_yaw, math.tau)))
        failure = Unreachable("no direction to grasp from was given")
        for yaw in candidates:
            found = self.solve(pose_pointing_down(position_base, yaw), (aimed, start))
            if not isinstance(found, Unreachable):
                return found
            failure = found
        return failure

    def _aimed(self, position_base: Array, start: Array) -> Array:
        """The preferred posture, turned about the first axis towards the target; the gripper as at the start."""
        posture = start.copy()
        posture[self._arm] = self._preferred[self._arm]
        preferred_tcp = self._kinematics.forward(posture)[:3, 3]
        turn = math.atan2(position_base[1], position_base[0]) - math.atan2(preferred_tcp[1], preferred_tcp[0])
        first = self._arm[0]
        posture[first] = np.clip(posture[first] + turn, self._lower[0], self._upper[0])
        return posture

    def _descend(self, target: Array, seed: Array) -> tuple[Array, float, float]:
        position = np.array(seed, dtype=np.float64)
        arm = self._arm
        position[arm] = np.clip(position[arm], self._lower, self._upper)
        distance = angle = math.inf
        for _ in range(ITERATIONS):
            pose = self._kinematics.forward(position)
            error = np.empty(6)
            error[:3] = target[:3, 3] - pose[:3, 3]
            error[3:] = rotation_vector(target[:3, :3] @ pose[:3, :3].T)
            distance = math.sqrt(float(error[:3] @ error[:3]))
            angle = math.sqrt(float(error[3:] @ error[3:]))
            if distance <= POSITION_TOLERANCE_M and angle <= ROTATION_TOLERANCE_RAD:
                break
            jacobian = self._kinematics.jacobian(position)[:, arm]  # (6, k)
            damping = 1e-6 + 1e-2 * float(error @ error)
            inverse = jacobian.T @ np.linalg.inv(jacobian @ jacobian.T + damping * np.eye(6))  # (k, 6)
            pull = NULL_SPACE_GAIN * (self._preferred[arm] - position[arm])
            pull[0] = 0.0  # the first axis only aims the arm
            step = inverse @ (error - jacobian @ pull) + pull
            step *= min(1.0, STEP_LIMIT_RAD / max(float(np.abs(step).max()), 1e-12))
            position[arm] = np.clip(position[arm] + step, self._lower, self._upper)
        return position, distance, angle

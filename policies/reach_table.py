"""Where the arm's axes have to be for the hand to point down at a place: computed before it is needed, looked up then.

The first axis turns the arm about the vertical, so that a table over distance and height serves all around. Nothing is
solved and nothing learned while the robot moves, and what comes out lies between positions that were checked.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from policies.inverse_kinematics import InverseKinematics, Unreachable, pose_pointing_down
from policies.kinematics import Kinematics
from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]

STEP_M = 0.025
NEAREST_M, FARTHEST_M = 0.25, 0.90
LOWEST_M, HIGHEST_M = 0.0, 0.60
APART_RAD = 0.35  # of any axis between neighbours: more is another way to hold the arm, and nothing lies between


class ReachTable:
    """One posture for each distance and height of the TCP, the gripper pointing down, the wrist turned as at home."""

    def __init__(self, description: RobotDescription, kinematics: Kinematics) -> None:
        """Fill it; takes about a second.

        Args:
            description: of a robot whose first axis turns it about the base's z axis.
            kinematics: of the robot.
        """
        self._arm = np.array(description.arm_indices)
        home = np.array(description.home)
        lower = np.array([axis.lower for axis in description.axis])
        upper = np.array([axis.upper for axis in description.axis])
        solver = InverseKinematics(kinematics, lower, upper, home, self._arm)
        pose = kinematics.forward(home)
        self._aim = float(home[self._arm[0]]) - math.atan2(pose[1, 3], pose[0, 3])
        yaw = math.atan2(pose[1, 0], pose[0, 0]) - math.atan2(pose[1, 3], pose[0, 3])
        self._lower, self._upper = float(lower[self._arm[0]]), float(upper[self._arm[0]])
        distances = np.arange(NEAREST_M, FARTHEST_M + STEP_M / 2.0, STEP_M)
        heights = np.arange(LOWEST_M, HIGHEST_M + STEP_M / 2.0, STEP_M)
        self._table = np.full((len(distances), len(heights), len(self._arm)), np.nan)
        for column, height in enumerate(heights):
            seed = home
            for row, distance in enumerate(distances):
                found = solver.solve(pose_pointing_down((distance, 0.0, height), yaw), (seed, home))
                if not isinstance(found, Unreachable):
                    seed = found
                    self._table[row, column] = found[self._arm]

    def look_up(self, place_base: Array) -> Array | None:
        """Positions of the arm's axes (arm axes,) with the TCP at a place (3,), m; None where the table has none."""
        x, y, z = (float(value) for value in place_base)
        at = (math.hypot(x, y) - NEAREST_M) / STEP_M, (z - LOWEST_M) / STEP_M
        rows, columns, _ = self._table.shape
        if not (0.0 <= at[0] <= rows - 1 and 0.0 <= at[1] <= columns - 1):  # also for what is not a number
            return None
        row, column = min(int(at[0]), rows - 2), min(int(at[1]), columns - 2)
        u, v = at[0] - row, at[1] - column
        corners = self._table[row : row + 2, column : column + 2]
        if not np.isfinite(corners).all() or np.ptp(corners.reshape(4, -1), axis=0).max() > APART_RAD:
            return None
        found: Array = (1.0 - u) * ((1.0 - v) * corners[0, 0] + v * corners[0, 1]) + u * (
            (1.0 - v) * corners[1, 0] + v * corners[1, 1]
        )
        first = found[0] + math.atan2(y, x)
        if not self._lower <= first <= self._upper:
            return None
        found[0] = first
        return found

"""Ways through the workcell: solutions straight above the table, and the heights at which nothing is in the way."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from policies.inverse_kinematics import InverseKinematics, Kinematics, Unreachable
from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]

TRAVEL_CLEARANCE_M = 0.12  # TCP above the bins' walls while travelling: what hangs below the fingers, and 5 cm
GRIPPER_MARGIN = 0.025  # of the range of the gripper's axis, kept from both ends
PATH_STEP_M = 0.04  # between the solutions of a straight path


class Workspace:
    """The robot in its workcell: where it can go, and by which way."""

    def __init__(self, description: RobotDescription, kinematics: Kinematics) -> None:
        self.description = description
        self.arm = np.array(description.arm_indices)
        self.gripper = description.gripper
        self.gripper_index = description.gripper_index
        self.lower = np.array([axis.lower for axis in description.axis])
        self.upper = np.array([axis.upper for axis in description.axis])
        self.table_z = description.workcell.table_height_m
        walls = max([item.size[2] for item in description.workcell.bin], default=0.0)
        self.travel_z = self.table_z + walls + TRAVEL_CLEARANCE_M
        self._kinematics = kinematics
        self._solver = InverseKinematics(kinematics, self.lower, self.upper, np.array(description.home), self.arm)

    def tcp(self, position: Array) -> Array:
        """Pose base_from_tcp (4, 4) at a position (axes,)."""
        return self._kinematics.forward(position)

    def down_at(self, position_base: Array, yaws_rad: Iterable[float], start: Array) -> Array | Unreachable:
        """Solution with the gripper pointing down at a point in one of the yaws; see InverseKinematics.solve_down."""
        return self._solver.solve_down(position_base, yaws_rad, start)

    def vertical(self, start: Array, height_z: float) -> list[Array] | Unreachable:
        """Via-points straight up or down from `start` (axes,) to the TCP height, the start not included."""
        pose = self.tcp(start).copy()
        count = max(math.ceil(abs(height_z - pose[2, 3]) / PATH_STEP_M), 1)
        path = [start]
        for z in np.linspace(pose[2, 3], height_z, count + 1)[1:]:
            pose[2, 3] = z
            found = self._solver.solve(pose, (path[-1],))
            if isinstance(found, Unreachable):
                return found
            path.append(found)
        return path[1:]

    def opening_m(self, position: Array) -> float:
        """Measured opening between the fingers, m; 0 without a gripper."""
        if self.gripper is None or self.gripper_index is None:
            return 0.0
        return abs(float(position[self.gripper_index]) - self.gripper.closed) * self.gripper.opening_per_axis

    def gripper_at(self, opening_m: float) -> float:
        """Position of the gripper's axis for an opening, inside its range."""
        if self.gripper is None:
            raise ValueError("the robot has no gripper; ask Workspace.gripper first")
        travel = max(opening_m, 0.0) / self.gripper.opening_per_axis
        side = 1.0 if self.gripper.open >= self.gripper.closed else -1.0
        return self.inside(self.gripper.closed + side * min(travel, abs(self.gripper.open - self.gripper.closed)))

    def inside(self, gripper: float) -> float:
        """A position of the gripper's axis, kept off the ends of its range: there the shield would brake it."""
        if self.gripper_index is None:
            return gripper
        lower, upper = float(self.lower[self.gripper_index]), float(self.upper[self.gripper_index])
        margin = GRIPPER_MARGIN * (upper - lower)
        return min(max(gripper, lower + margin), upper - margin)

"""Ways through the workcell: solutions straight above the table, and the heights at which nothing is in the way."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from policies.cell import Cell
from policies.inverse_kinematics import InverseKinematics, Unreachable
from policies.kinematics import Kinematics
from policies.observation import PolicyTarget
from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]

PATH_STEP_M = 0.04  # between the solutions of a straight path


class Workspace(Cell):
    """The robot in its workcell: where it can go, and by which way."""

    def __init__(self, description: RobotDescription, kinematics: Kinematics) -> None:
        super().__init__(description, kinematics)
        self._solver = InverseKinematics(kinematics, self.lower, self.upper, np.array(description.home), self.arm)

    def down_at(self, position_base: Array, yaws_rad: Iterable[float], start: Array) -> Array | Unreachable:
        """Solution with the gripper pointing down at a point in one of the yaws; see InverseKinematics.solve_down."""
        return self._solver.solve_down(position_base, yaws_rad, start)

    def out_of_reach(self, target: PolicyTarget, start: Array) -> str:
        """Why the hand cannot be at a target, and above it, coming from `start` (axes,); empty if it can."""
        found = self.down_at(np.array(target.position_base), (target.yaw_rad,), start)
        if isinstance(found, Unreachable):
            return found.reason
        above = self.vertical(found, self.travel_z)
        return f"from above: {above.reason}" if isinstance(above, Unreachable) else ""

    def raised(self, start: Array) -> tuple[Array, ...]:
        """Via-points (axes,) straight up to the travel height, the start not included; empty if there are none."""
        path = self.vertical(start, self.travel_z)
        return () if isinstance(path, Unreachable) else tuple(path)

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

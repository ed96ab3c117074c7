"""What a robot file says of arm, hand and table, in the terms that skills need.

Knows the way forward only, from joint positions to a place; `Workspace` knows the way back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from policies.kinematics import Kinematics
from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]

TRAVEL_CLEARANCE_M = 0.12  # TCP above the bins' walls while travelling: what hangs below the fingers, and 5 cm
GRIPPER_MARGIN = 0.025  # of the range of the gripper's axis, kept from both ends


class Cell:
    """The robot, its hand and its table.

    Attributes:
        arm: indices of the arm's axes, (k,).
        gripper, gripper_index: None without one.
        lower, upper: limits of the axes, (axes,).
        table_z, travel_z: height of the table, and of the TCP where it may go sideways, m.
    """

    def __init__(self, description: RobotDescription, kinematics: Kinematics) -> None:
        self.description = description
        self.kinematics = kinematics
        self.arm = np.array(description.arm_indices)
        self.gripper = description.gripper
        self.gripper_index = description.gripper_index
        self.lower = np.array([axis.lower for axis in description.axis])
        self.upper = np.array([axis.upper for axis in description.axis])
        self.table_z = description.workcell.table_height_m
        walls = max([item.size[2] for item in description.workcell.bin], default=0.0)
        self.travel_z = self.table_z + walls + TRAVEL_CLEARANCE_M
        home = kinematics.forward(np.array(description.home))
        self._home_turn_rad = math.atan2(home[1, 0], home[0, 0]) - math.atan2(home[1, 3], home[0, 3])

    def tcp(self, position: Array) -> Array:
        """Pose base_from_tcp (4, 4) at a position (axes,)."""
        return self.kinematics.forward(position)

    def easiest_yaw(self, place_base: Array, yaws_rad: Iterable[float], beside: float | None = None) -> float:
        """The yaw (rad) that turns the wrist the least.

        Args:
            place_base: where the TCP shall be, (2,) or more, m.
            yaws_rad: that serve equally well; each also stands for itself turned by a half turn, because the gripper
                is symmetric.
            beside: the one that is nearest to this yaw; None: to the yaw that the hand has when only the first axis
                turns from home.
        """
        if beside is None:
            beside = self.easy_yaw(place_base)
        wanted = beside
        turned = (yaw + turn for yaw in yaws_rad for turn in (0.0, math.pi))
        return min(turned, key=lambda yaw: abs(math.remainder(yaw - wanted, math.tau)))

    def easy_yaw(self, place_base: Array) -> float:
        """Yaw (rad) of the hand at a place (2,) or more, m, if only the first axis turned from home."""
        return math.atan2(float(place_base[1]), float(place_base[0])) + self._home_turn_rad

    def opening_m(self, position: Array) -> float:
        """Measured opening between the fingers, m; 0 without a gripper."""
        if self.gripper is None or self.gripper_index is None:
            return 0.0
        return abs(float(position[self.gripper_index]) - self.gripper.closed) * self.gripper.opening_per_axis

    def gripper_at(self, opening_m: float) -> float:
        """Position of the gripper's axis for an opening, inside its range."""
        if self.gripper is None:
            raise ValueError("the robot has no gripper; ask Cell.gripper first")
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

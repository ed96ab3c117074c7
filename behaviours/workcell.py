"""The fixed things around the robot that leaves ask about."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from perception.scene import Vector3
from rt_control.robot_file import RobotDescription

# Between these shares of its travel the gripper is neither closed nor open: something stops its fingers.
_CLOSED_SHARE = 0.05
_OPEN_SHARE = 0.95


class Bin(msgspec.Struct, frozen=True):
    """An open box.

    Attributes:
        floor_base: centre of its floor, in the robot's base frame, m.
        size_m: outer, along the base's x, y and z.
    """

    floor_base: Vector3
    size_m: Vector3

    def contains(self, position_base: Vector3, tolerance_m: float) -> bool:
        """Whether a point lies over its footprint and not above its rim, each widened by the tolerance."""
        beside = max(abs(position_base[axis] - self.floor_base[axis]) - self.size_m[axis] / 2 for axis in (0, 1))
        above = position_base[2] - self.floor_base[2] - self.size_m[2]
        return beside <= tolerance_m and above <= tolerance_m


class Hand(msgspec.Struct, frozen=True):
    """The gripper.

    Attributes:
        axis: index among the axes.
        closed, open: its positions, in the unit of the axis.
    """

    axis: int
    closed: float
    open: float

    def grips(self, position: tuple[float, ...]) -> bool:
        """Whether its fingers are stopped by something between them."""
        share = (position[self.axis] - self.closed) / (self.open - self.closed)
        return _CLOSED_SHARE < share < _OPEN_SHARE


class Workcell(msgspec.Struct, frozen=True):
    """What the robot description says of the surroundings.

    Attributes:
        bins: by name.
        poses: names of the poses that the arm may be sent to.
        hand: None for an arm without a gripper.
    """

    bins: Mapping[str, Bin]
    poses: tuple[str, ...]
    hand: Hand | None

    @classmethod
    def of(cls, description: RobotDescription) -> Workcell:
        """The workcell of a robot file."""
        declared = description.workcell
        bins = {
            item.name: Bin((item.centre[0], item.centre[1], declared.table_height_m), item.size)
            for item in declared.bin
        }
        gripper, axis = description.gripper, description.gripper_index
        hand = None if gripper is None or axis is None else Hand(axis, gripper.closed, gripper.open)
        return cls(bins, tuple(declared.poses), hand)

    @property
    def known_names(self) -> dict[str, Collection[str]]:
        """Names that missions may use, by kind, as `trees.mission` checks them."""
        return {"bin": tuple(self.bins), "pose": self.poses}

    def grips(self, position: tuple[float, ...]) -> bool:
        """Whether the hand holds something, given the positions of all axes."""
        return self.hand is not None and self.hand.grips(position)

"""The fixed things around the robot that leaves ask about."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from perception.scene import Vector3
from policies.grasp import EMPTY_M, PRESSES_M
from rt_control.robot_file import RobotDescription


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
        closed: its position when the fingers touch, m.
        opening_per_axis: opening between the fingers for each metre of travel.
    """

    axis: int
    closed: float
    opening_per_axis: float

    def grips(self, position: tuple[float, ...], reference: tuple[float, ...]) -> bool:
        """Whether something between its fingers keeps them from where they are told to be.

        Args:
            position: measured, of all axes.
            reference: what the drives were told, of all axes.
        """
        measured, told = position[self.axis], reference[self.axis]
        opening_m = abs(measured - self.closed) * self.opening_per_axis
        return opening_m > EMPTY_M and abs(told - self.closed) < abs(measured - self.closed) - PRESSES_M


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
        hand = None if gripper is None or axis is None else Hand(axis, gripper.closed, gripper.opening_per_axis)
        return cls(bins, tuple(declared.poses), hand)

    @property
    def known_names(self) -> dict[str, Collection[str]]:
        """Names that missions may use, by kind, as `trees.mission` checks them."""
        return {"bin": tuple(self.bins), "pose": self.poses}

    def grips(self, position: tuple[float, ...], reference: tuple[float, ...]) -> bool:
        """Whether the hand holds something; see `Hand.grips`."""
        return self.hand is not None and self.hand.grips(position, reference)

"""The fixed things around the robot that leaves ask about."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from perception.scene import Vector3


class Bin(msgspec.Struct, frozen=True):
    """An open box.

    Attributes:
        centre_base: of its volume, in the robot's base frame, m.
        size_m: along the base's x, y and z.
    """

    centre_base: Vector3
    size_m: Vector3

    def contains(self, position_base: Vector3, tolerance_m: float) -> bool:
        """Whether a point lies over its footprint and not above its rim, each widened by the tolerance."""
        inside = all(
            abs(position_base[axis] - self.centre_base[axis]) <= self.size_m[axis] / 2 + tolerance_m for axis in (0, 1)
        )
        return inside and position_base[2] <= self.centre_base[2] + self.size_m[2] / 2 + tolerance_m


class Workcell(msgspec.Struct, frozen=True):
    """What the robot description says of the surroundings.

    Attributes:
        bins: by name.
        poses: names of the poses that the arm may be sent to.
        gripper_axis: index of the gripper among the axes.
        gripper_empty: opening at or below which the closed gripper holds nothing, m.
        gripper_full: opening at or above which it is open and holds nothing, m.
    """

    bins: Mapping[str, Bin]
    poses: tuple[str, ...]
    gripper_axis: int
    gripper_empty: float
    gripper_full: float

    def grips(self, position: tuple[float, ...]) -> bool:
        """Whether the gripper is stopped by something between its fingers."""
        return self.gripper_empty < position[self.gripper_axis] < self.gripper_full

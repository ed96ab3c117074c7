"""From what perception sees to where the hand has to be: targets for a policy. Geometry only."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from perception.scene import Scene, SceneObject
from policies.cell import Cell
from policies.grasp import FINGER_M, grasp_yaws
from policies.observation import PolicyTarget
from rt_control.robot_file import BIN_FLOOR_M, Bin

TIP_CLEARANCE_M = 0.006  # finger tips above the table
PALM_M = 0.03  # the palm is at least this far above the tool centre point: it stays above the bins' walls
DROP_M = 0.006


@dataclass(frozen=True, slots=True)
class NoTarget:
    """Why there is none, in plain words."""

    reason: str


def pick_target(
    cell: Cell, item: SceneObject, scene: Scene, before: PolicyTarget | None = None
) -> PolicyTarget | NoTarget:
    """Where to grasp an object.

    Args:
        cell: with a gripper.
        item: as it is seen now.
        scene: with its neighbours.
        before: the target a moment ago; the yaw stays near it.
    """
    gripper = cell.gripper
    if gripper is None:
        return NoTarget("the robot has no gripper; a [gripper] in its robot file says which axis it is")
    yaws = grasp_yaws(item, scene, gripper.max_object_m)
    if not yaws:
        x, y, _ = (round(1000.0 * side) for side in item.size_m)
        widest = 1000.0 * gripper.max_object_m
        return NoTarget(f"{item.name} is too wide: {x} x {y} mm, the gripper takes {widest:.0f} mm")
    place = np.array(item.position_base)
    lowest = cell.table_z + gripper.tip_beyond_tcp_m + TIP_CLEARANCE_M
    return PolicyTarget(
        "pick",
        (float(place[0]), float(place[1]), max(float(place[2]), lowest)),
        cell.easiest_yaw(place, yaws, None if before is None else before.yaw_rad),
        cell.gripper_at(float(min(item.size_m[:2])) + 2.0 * FINGER_M),
        item.measured_ns,
        1.0 - item.confidence,
    )


def place_target(
    cell: Cell, target: Bin, spot_base: tuple[float, float], below_tcp_m: float, width_m: float, stamp_ns: int
) -> PolicyTarget:
    """Where to let go of what is held.

    Args:
        cell: with a gripper.
        target: bin that it shall lie in.
        spot_base: point inside the bin, m.
        below_tcp_m: how far what is held reaches below the TCP.
        width_m: of what is held, across the fingers.
        stamp_ns: of the state that this rests on.
    """
    floor = cell.table_z + BIN_FLOOR_M
    z = max(floor + below_tcp_m + DROP_M, cell.table_z + target.size[2] - PALM_M)
    yaw = cell.easiest_yaw(np.array(spot_base), (0.0, math.pi / 2.0))
    return PolicyTarget("place", (*spot_base, z), yaw, cell.gripper_at(width_m + 2.0 * FINGER_M), stamp_ns)

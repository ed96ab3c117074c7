"""The robot as a few capsules, to tell its own points in an image from a person's and to measure distances to it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rt_control import _native as native
from rt_control.robot_file import Gripper

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

BASE_RADIUS_M = 0.085  # of the first link: the foot on the table
LINK_RADIUS_M = 0.06
HAND_RADIUS_M = 0.035
FINGER_RADIUS_M = 0.012
FINGER_LENGTH_M = 0.055
HAND_BEYOND_FINGERS_M = 0.025  # the hand is wider than its open fingers, at each end
ELBOW_M = 0.07  # a link's body may stand off the line between its joints by this much
LONGEST_LOOK_BACK_S = 0.15
TIGHT_M = 0.03  # and the hand's by this, with what it holds


def position_at(stamp_ns: int, position: Array, velocity: Array, measured_ns: int) -> Array:
    """Where the axes were when an image was measured, from a state that is a little younger or older.

    Args:
        stamp_ns: of the image.
        position: of the state, (axes,), rad or m.
        velocity: of the state, (axes,).
        measured_ns: stamp of the state.
    """
    ahead_s = min(max((stamp_ns - measured_ns) * 1e-9, -LONGEST_LOOK_BACK_S), LONGEST_LOOK_BACK_S)
    moved: Array = np.asarray(position) + ahead_s * np.asarray(velocity)
    return moved


def robot_capsules(link_poses: Array, gripper: Gripper | None) -> Array:
    """The robot's capsules (k, 8) in the base frame: start, end, radius, and by how much the body may exceed it, m.

    Args:
        link_poses: base_from_link of each axis, then base_from_tcp, (arm axes + 1, 4, 4), as `Kinematics.link_poses`
            gives them; the TCP's z axis points out of the gripper, the fingers move along its y axis.
        gripper: of the robot file, if there is one.
    """
    joints = np.concatenate([np.zeros((1, 3)), link_poses[:-1, :3, 3]])
    tcp, y, z = link_poses[-1, :3, 3], link_poses[-1, :3, 1], link_poses[-1, :3, 2]
    rows: list[Array] = []

    def add(start: Array, end: Array, radius: float, beyond: float) -> None:
        rows.append(np.concatenate([start, end, [radius, beyond]]))

    for start, end in zip(joints[:-1], joints[1:], strict=True):
        if np.linalg.norm(end - start) > 1e-6:
            add(start, end, LINK_RADIUS_M if rows else BASE_RADIUS_M, ELBOW_M)
    if gripper is None:
        add(joints[-1], tcp, LINK_RADIUS_M, TIGHT_M)
        return np.array(rows)
    half = 0.5 * abs(gripper.open - gripper.closed) * gripper.opening_per_axis
    hand = tcp - (FINGER_LENGTH_M + HAND_RADIUS_M / 2.0) * z
    side = (half + HAND_BEYOND_FINGERS_M) * y
    add(joints[-1], hand, HAND_RADIUS_M + 0.01, TIGHT_M)
    add(hand - side, hand + side, HAND_RADIUS_M, TIGHT_M)
    tip = tcp + gripper.tip_beyond_tcp_m * z
    for finger in (half * y, -half * y):
        add(hand + finger, tip + finger, FINGER_RADIUS_M, TIGHT_M)
    add(hand, tip, FINGER_RADIUS_M, 2.0 * TIGHT_M)  # what it holds
    return np.array(rows)


def distances(points: npt.NDArray[np.floating], capsules: Array) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Distance (n,) of points (n, 3) from the capsules' surfaces (m, < 0 inside), and which may be the robot's.

    In single precision, for there are thousands of points in an image: exact to a hundredth of a millimetre.

    Raises:
        ValueError: there is no capsule, or something is not finite.
    """
    return native.capsule_distances(np.ascontiguousarray(points.T, dtype=np.float32), np.ascontiguousarray(capsules))


def distance_from(capsule: Array, point: Sequence[float]) -> float:
    """Distance of one point (3,) from one capsule (8,), m, < 0 inside: as `distances`, which is made for many."""
    start, end, radius = capsule[:3].tolist(), capsule[3:6].tolist(), float(capsule[6])
    along = [b - a for a, b in zip(start, end, strict=True)]
    from_start = [p - a for a, p in zip(start, point, strict=True)]
    length2 = max(sum(value * value for value in along), 1e-12)
    share = min(max(sum(a * b for a, b in zip(along, from_start, strict=True)) / length2, 0.0), 1.0)
    return math.dist(from_start, [share * value for value in along]) - radius

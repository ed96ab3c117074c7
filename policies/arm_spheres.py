"""The arm as spheres that cover its capsules: what a planner measures distances from, for many positions at once."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from policies.activity import Held
from rt_control.arm_shapes import BASE_LINK, ArmShapes
from rt_control.kinematic_chain import KinematicChain, poses_base_from_joints
from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]

SPACING_SHARE = 1.0  # of a capsule's radius, between two of its spheres


class ArmSpheres:
    """Every point of a moving capsule of the robot file lies in one of the spheres, and so does what is held.

    Attributes:
        radii: (n,), m; the last one's is that of what is held.
        names: of the capsule that each covers, then of what is held.
    """

    def __init__(self, description: RobotDescription, chain: KinematicChain) -> None:
        """Take what does not change.

        Raises:
            ValueError: the robot file has no capsules.
        """
        self._chain = chain
        self._shapes = ArmShapes.of(description.capsule, description.arm_names)
        moving = [index for index, link in enumerate(self._shapes.links) if link != BASE_LINK]
        if not moving:
            raise ValueError(f"{description.path}: has no [[capsule]] of a moving link, which a planner needs")
        owners: list[int] = []
        shares: list[float] = []
        radii: list[float] = []
        for index in moving:
            item = self._shapes.capsules[index]
            length = math.dist(item.begin, item.end)
            count = 1 if length == 0.0 else math.ceil(length / (SPACING_SHARE * item.radius)) + 1
            spacing = length / max(count - 1, 1)
            owners.extend([index] * count)
            shares.extend(np.linspace(0.0, 1.0, count).tolist())
            radii.extend([math.hypot(item.radius, spacing / 2.0)] * count)
        self._owners, self._shares = np.array(owners), np.array(shares)[:, None]
        self._below_m = 0.0
        self.radii = np.array([*radii, 0.0])
        self.names = (*(self._shapes.capsules[index].name for index in owners), "the hand")
        pairs = self._shapes.pairs(description.self_collision.ignore)
        self._pairs = pairs
        self._needed = self._shapes.needed(pairs, description.self_collision.clearance_m) if pairs else np.zeros(0)

    def holds(self, held: Held | None) -> None:
        """From now on this hangs below the TCP; None: nothing, and a point at the TCP takes its place."""
        below, width, name = (0.0, 0.0, "the hand") if held is None else (held.below_tcp_m, held.width_m, held.name)
        self._below_m = max(below, 0.0) / 2.0
        self.radii[-1] = 0.0 if held is None else math.hypot(self._below_m, width / 2.0)
        self.names = (*self.names[:-1], name)

    def centres(self, positions: Array) -> Array:
        """Of the spheres in the base frame, (..., n, 3), m, at positions of the arm (..., arm axes)."""
        poses = poses_base_from_joints(self._chain, positions)
        lines = self._shapes.lines_at(poses)
        begin, end = lines.begin[..., self._owners, :], lines.end[..., self._owners, :]
        below = self._chain.pose_last_from_tcp @ (0.0, 0.0, self._below_m, 1.0)
        held = (poses[..., -1, :, :] @ below)[..., None, :3]
        centres: Array = np.concatenate([begin + self._shares * (end - begin), held], axis=-2)
        return centres

    def self_clearance(self, positions: Array) -> Array:
        """By how much the arm stays farther from itself than it has to, (...), m, at positions (..., arm axes)."""
        if not self._pairs:
            return np.full(positions.shape[:-1], np.inf)
        lines = self._shapes.lines_at(poses_base_from_joints(self._chain, positions))
        spare: Array = (self._shapes.distances(lines, self._pairs) - self._needed).min(axis=-1)
        return spare

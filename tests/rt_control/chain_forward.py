"""Forward kinematics of a chain in plain numpy: the reference that the compiled kinematics are compared with."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rt_control.kinematic_chain import ChainLink, KinematicChain, Pose


def forward(chain: KinematicChain, position: npt.NDArray[np.float64]) -> Pose:
    """`pose_base_from_tcp` at a position of the chain's joints, rad or m."""
    pose = np.eye(4)
    for link, value in zip(chain.links, position, strict=True):
        pose = pose @ link.pose_parent_from_joint @ _motion(link, float(value))
    return pose @ chain.pose_last_from_tcp


def _motion(link: ChainLink, value: float) -> Pose:
    pose = np.eye(4)
    if link.joint.kind == "prismatic":
        pose[:3, 3] = value * link.axis
        return pose
    x, y, z = link.axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    pose[:3, :3] += math.sin(value) * cross + (1.0 - math.cos(value)) * (cross @ cross)  # Rodrigues
    return pose

"""Forward kinematics of a chain in plain numpy: the reference that the compiled kinematics are compared with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rt_control.kinematic_chain import KinematicChain, Pose, poses_base_from_joints


def forward(chain: KinematicChain, position: npt.NDArray[np.float64]) -> Pose:
    """`pose_base_from_tcp` at a position of the chain's joints, rad or m."""
    pose: Pose = poses_base_from_joints(chain, position)[-1] @ chain.pose_last_from_tcp
    return pose

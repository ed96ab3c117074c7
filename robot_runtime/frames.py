"""A camera's ring in shared memory as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from perception.frames import Frame

if TYPE_CHECKING:
    from rt_control._native import FrameReader

UNIT_TOLERANCE = 0.01  # of the norm of a quaternion


def read_frame(reader: FrameReader, camera: str, after_number: int = 0) -> Frame | None:
    """The newest frame of a camera, if it is newer than the one last seen.

    A header whose orientation is none gives a pose of NaN, which `FrameJudge` names.

    Args:
        reader: of the camera's ring.
        camera: its name.
        after_number: number of the frame last seen; a camera process that is started anew counts on.
    """
    answer = reader.read(after_number)
    if answer is None:
        return None
    header, rgb, depth = answer
    pose = np.eye(4)
    quaternion = np.asarray(header.quaternion_base)
    if abs(float(np.linalg.norm(quaternion)) - 1.0) < UNIT_TOLERANCE:
        pose[:3, :3] = Rotation.from_quat(quaternion, scalar_first=True).as_matrix()
    else:
        pose[:3, :3] = np.nan
    pose[:3, 3] = header.position_base
    return Frame(
        camera=camera,
        number=int(header.number),
        stamp_ns=int(header.stamp_ns),
        rgb=rgb,
        depth_m=depth,
        fx=header.fx,
        fy=header.fy,
        cx=header.cx,
        cy=header.cy,
        pose_base_from_camera=pose,
    )

"""Where a thing lies by the points of the box around it, from one colour image: what is left where depth says nothing.

The points give its pose up to scale; the scale is that at which it stands on the table, or on the floor of a bin.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from models.box_pose import solve
from perception.frames import Frame
from perception.object_geometry import LARGEST_M, Placed, floor_at
from perception.shape import Measured, Shape
from rt_control.robot_file import Workcell

Array = npt.NDArray[np.float64]

MOST_TILT_RAD = math.radians(25.0)  # of what is taken to stand upright; its points are not more exact
CERTAINTY = 0.7  # at the best: points are some mm off, and nothing checks them


def place_by_points(
    points: Array, scores: Array, extents: Array, frame: Frame, shape: Shape, hidden_share: float, workcell: Workcell
) -> Placed | None:
    """Place a thing that stands on the table or in a bin.

    Args:
        points: (9, 2) px, corners and centre of its box, see `models.box_pose`.
        scores: (9,), 0..1.
        extents: (3,), relative to the largest.
        frame: of the image; its depth is not used.
        shape: what it is.
        hidden_share: 0..1, of its region.
        workcell: what stands where.

    Returns:
        None where the points fit no box that stands.
    """
    if not (np.isfinite(points).all() and extents.max() > 0.0):
        return None
    pose = solve(points, extents / extents.max(), scores, frame.fx, (frame.cx, frame.cy))
    if pose is None:
        return None
    rotation = frame.pose_base_from_camera[:3, :3] @ pose[:3, :3]
    upright = int(np.abs(rotation[2]).argmax())
    if math.acos(min(1.0, abs(rotation[2, upright]))) > MOST_TILT_RAD:
        return None
    camera = frame.pose_base_from_camera[:3, 3]
    middle = frame.pose_base_from_camera[:3, :3] @ pose[:3, 3]
    relative = extents / extents.max()
    # Its lower face is level, as it stands: half its height below the middle.
    lowest = middle[2] - relative[upright] / 2.0
    if lowest >= -1e-6:
        return None
    scale = (workcell.table_height_m - camera[2]) / lowest
    position = camera + scale * middle
    floor = floor_at(float(position[0]), float(position[1]), workcell)
    scale = (floor - camera[2]) / lowest
    position, size = camera + scale * middle, scale * relative
    flat = [axis for axis in range(3) if axis != upright]
    long = max(flat, key=lambda axis: size[axis])
    across = flat[0] if long == flat[1] else flat[1]
    yaw = 0.0 if shape == "ball" else math.atan2(rotation[1, long], rotation[0, long])
    yaw = math.remainder(yaw, math.pi)
    sides = (float(size[long]), float(size[across]), float(size[upright]))
    if max(sides) > LARGEST_M:
        return None
    quality = CERTAINTY * min(1.0, 2.0 * float(scores.mean()))
    measured = Measured(shape, position, math.pi / 2.0 if yaw == -math.pi / 2.0 else yaw, sides, quality)
    return Placed(measured, quality * (1.0 - hidden_share), hidden_share)

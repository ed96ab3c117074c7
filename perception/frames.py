"""One image of one camera, with all that is needed to turn its pixels into points of the base frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Frame:
    """An image, when it was measured, and from where.

    Attributes:
        camera: name of the camera.
        number: rises by one with each frame of this camera.
        stamp_ns: when the world looked like this.
        rgb: (h, w, 3) uint8.
        depth_m: (h, w) float32, distance along the optical axis, 0 = no return; None for a camera without depth.
        fx, fy, cx, cy: intrinsics of a pinhole without distortion, px; pixel centres are at whole numbers.
        pose_base_from_camera: 4x4; camera axes: x right, y down, z forward.
    """

    camera: str
    number: int
    stamp_ns: int
    rgb: npt.NDArray[np.uint8]
    depth_m: npt.NDArray[np.float32] | None
    fx: float
    fy: float
    cx: float
    cy: float
    pose_base_from_camera: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        for array in (self.rgb, self.depth_m, self.pose_base_from_camera):
            if array is not None:
                array.flags.writeable = False

    def project(self, points_base: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Where points appear in the image.

        Args:
            points_base: (n, 3) m.

        Returns:
            (n, 3): column u, row v (px), and depth along the optical axis (m; <= 0 is behind the camera).
        """
        rotation, position = self.pose_base_from_camera[:3, :3], self.pose_base_from_camera[:3, 3]
        points = (points_base - position) @ rotation
        depth = points[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            columns = self.fx * points[:, 0] / depth + self.cx
            rows = self.fy * points[:, 1] / depth + self.cy
        return np.stack([columns, rows, depth], axis=1)

    def points_base(self) -> npt.NDArray[np.float64]:
        """Every pixel as a point of the base frame, (h, w, 3) m; NaN where there is no return.

        Raises:
            ValueError: the camera has no depth.
        """
        if self.depth_m is None:
            raise ValueError(f"camera {self.camera!r} has no depth image; use an RGB-D camera")
        height, width = self.depth_m.shape
        depth = np.where(self.depth_m > 0.0, self.depth_m, np.nan).astype(np.float64)
        x = (np.arange(width) - self.cx) / self.fx * depth
        y = (np.arange(height)[:, None] - self.cy) / self.fy * depth
        rotation, position = self.pose_base_from_camera[:3, :3], self.pose_base_from_camera[:3, 3]
        return np.stack([x, y, depth], axis=-1) @ rotation.T + position

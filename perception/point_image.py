"""An RGB-D frame as an image of points in the base frame, fast enough for every frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perception.frames import Frame

Image = npt.NDArray[np.float32]


class PointImage:
    """Base-frame coordinates of every pixel.

    Attributes:
        x, y, z: (h, w), m; meaningless where `valid` is False.
        valid: (h, w) bool, the pixel has a return.
        pixel_m: (h, w), width of the pixel at its distance.
    """

    def __init__(self, x: Image, y: Image, z: Image, valid: npt.NDArray[np.bool_], pixel_m: Image) -> None:
        self.x, self.y, self.z, self.valid, self.pixel_m = x, y, z, valid, pixel_m

    def every(self, step: int) -> PointImage:
        """Each `step`-th pixel of each `step`-th row."""
        part = (slice(None, None, step), slice(None, None, step))
        return PointImage(self.x[part], self.y[part], self.z[part], self.valid[part], self.pixel_m[part])

    def at(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Points (n, 3) where the mask holds."""
        return np.stack([self.x[mask], self.y[mask], self.z[mask]], axis=1).astype(np.float64)


class Unprojector:
    """Turns depth images into point images; remembers the rays of the last camera pose."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._rays: npt.NDArray[np.float32] = np.zeros((3, 0, 0), dtype=np.float32)

    def points(self, frame: Frame) -> PointImage:
        """The frame's points.

        Raises:
            ValueError: the frame has no depth.
        """
        if frame.depth_m is None:
            raise ValueError(f"camera {frame.camera!r} has no depth image; use an RGB-D camera")
        return self.points_at(frame, frame.depth_m)

    def points_at(self, frame: Frame, depth: npt.NDArray[np.float32]) -> PointImage:
        """The points of a frame whose depth (h, w; m, 0 = unknown) comes from elsewhere."""
        pose = frame.pose_base_from_camera
        key = (depth.shape, frame.fx, frame.fy, frame.cx, frame.cy, pose.tobytes())
        if key != self._key:
            self._key, self._rays = key, _rays(frame)
        x, y, z = (ray * depth + np.float32(origin) for ray, origin in zip(self._rays, pose[:3, 3], strict=True))
        return PointImage(x, y, z, depth > 0.0, depth / np.float32(frame.fx))


def _rays(frame: Frame) -> npt.NDArray[np.float32]:
    """Base-frame direction of each pixel, of length 1 along the optical axis, (3, h, w)."""
    height, width = frame.rgb.shape[:2]
    right = np.broadcast_to((np.arange(width) - frame.cx) / frame.fx, (height, width))
    down = np.broadcast_to(((np.arange(height) - frame.cy) / frame.fy)[:, None], (height, width))
    camera = np.stack([right, down, np.ones((height, width))])
    rotation = frame.pose_base_from_camera[:3, :3]
    rays: npt.NDArray[np.float32] = np.einsum("ij,jhw->ihw", rotation, camera).astype(np.float32)
    return rays

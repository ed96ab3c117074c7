"""An RGB-D frame as an image of points in the base frame, each computed only where it is asked for."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from perception.frames import Frame

Image = npt.NDArray[np.float32]


class PointImage:
    """Base-frame coordinates of every pixel: most of an image nobody asks for."""

    def __init__(self, depth_m: Image, rays: Image, origin_base: npt.NDArray[np.float64], focal_px: float) -> None:
        """Take a depth image.

        Args:
            depth_m: (h, w), along the optical axis; 0: no return.
            rays: (3, h, w), base-frame direction of each pixel, of length 1 along the optical axis.
            origin_base: of the camera, (3,) m.
            focal_px: of the camera.
        """
        self._depth_m, self._rays, self._origin, self._focal_px = depth_m, rays, origin_base, focal_px

    @cached_property
    def x(self) -> Image:
        """(h, w), m; meaningless where `valid` is False."""
        return self._coordinate(0)

    @cached_property
    def y(self) -> Image:
        """As `x`."""
        return self._coordinate(1)

    @cached_property
    def z(self) -> Image:
        """As `x`."""
        return self._coordinate(2)

    @cached_property
    def valid(self) -> npt.NDArray[np.bool_]:
        """(h, w), the pixel has a return."""
        return self._depth_m > 0.0

    @cached_property
    def pixel_m(self) -> Image:
        """(h, w), width of the pixel at its distance."""
        return self._depth_m / np.float32(self._focal_px)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self._depth_m.shape
        return rows, columns

    def part(self, rows: slice, columns: slice) -> PointImage:
        """Some of its rows and columns."""
        return PointImage(self._depth_m[rows, columns], self._rays[:, rows, columns], self._origin, self._focal_px)

    def at(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Points (n, 3) where the mask holds."""
        return np.stack([self.x[mask], self.y[mask], self.z[mask]], axis=1).astype(np.float64)

    def returned(self, pixels: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Which of the pixels (n,), counted row by row, have a return."""
        return self._depth_m.ravel()[pixels] > 0.0

    def of(self, pixels: npt.NDArray[np.intp]) -> Image:
        """Points (n, 3) of pixels (n,), counted row by row."""
        rays, depth_m = self._rays.reshape(3, -1)[:, pixels], self._depth_m.ravel()[pixels]
        at: Image = (rays * depth_m + self._origin.astype(np.float32)[:, None]).T
        return at

    def _coordinate(self, axis: int) -> Image:
        made: Image = self._rays[axis] * self._depth_m
        made += np.float32(self._origin[axis])
        return made


class Unprojector:
    """Turns depth images into point images; remembers the rays of the last camera pose."""

    def __init__(self, step: int = 1) -> None:
        """Of each `step`-th pixel of each `step`-th row."""
        self._step = step
        self._key: tuple[object, ...] = ()
        self._rays: Image = np.zeros((3, 0, 0), dtype=np.float32)

    def points(self, frame: Frame) -> PointImage:
        """The frame's points.

        Raises:
            ValueError: the frame has no depth.
        """
        if frame.depth_m is None:
            raise ValueError(f"camera {frame.camera!r} has no depth image; use an RGB-D camera")
        return self.points_at(frame, frame.depth_m)

    def points_at(self, frame: Frame, depth: Image) -> PointImage:
        """The points of a frame whose depth (h, w; m, 0 = unknown) comes from elsewhere."""
        pose = frame.pose_base_from_camera
        key = (depth.shape, frame.fx, frame.fy, frame.cx, frame.cy, pose.tobytes())
        if key != self._key:
            self._key, self._rays = key, np.ascontiguousarray(_rays(frame)[:, :: self._step, :: self._step])
        return PointImage(depth[:: self._step, :: self._step], self._rays, pose[:3, 3], frame.fx)


def _rays(frame: Frame) -> Image:
    """Base-frame direction of each pixel, of length 1 along the optical axis, (3, h, w)."""
    height, width = frame.rgb.shape[:2]
    right = np.broadcast_to((np.arange(width) - frame.cx) / frame.fx, (height, width))
    down = np.broadcast_to(((np.arange(height) - frame.cy) / frame.fy)[:, None], (height, width))
    camera = np.stack([right, down, np.ones((height, width))])
    rotation = frame.pose_base_from_camera[:3, :3]
    rays: Image = np.einsum("ij,jhw->ihw", rotation, camera).astype(np.float32)
    return rays

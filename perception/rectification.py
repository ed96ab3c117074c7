"""Two images as if both cameras looked the same way with the same lens, displaced along the image rows alone."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from perception.frames import Frame

Array = npt.NDArray[np.float64]
Maps = tuple[npt.NDArray[np.int16], npt.NDArray[np.uint16]]
"""Where each pixel comes from: whole pixels (h, w, 2), and fractions of them (h, w), as OpenCV packs them."""
Geometry = tuple[Array, Array]
"""Intrinsics (3, 3) and base_from_camera (4, 4)."""

SAME_TURN = 1e-3  # entries of the two rotations that differ by no more are the same
SAME_ROW = 0.01  # of the baseline: a displacement out of the row that is none
MOST_TURN_RAD = 0.5  # between the two cameras: beyond, they hardly see the same
STEEPEST = 0.5  # displacement out of the row, of that along it


class Rectifier:
    """Rectifies pairs of frames; the maps are computed once for each calibration that the frames carry."""

    def __init__(self) -> None:
        self._calibration: tuple[object, ...] = ()
        self._maps: tuple[Maps, Maps] | None = None
        self._geometry: tuple[Geometry, Geometry] | None = None

    def rectify(self, left: Frame, right: Frame) -> tuple[Frame, Frame]:
        """Both frames with the same intrinsics and orientation, the right one displaced along +x alone.

        Frames that are so already come back as they are. Others are turned (A. Bouguet's algorithm, as in OpenCV's
        `stereoRectify`) and cut to what both see; their pose and intrinsics say how, their depth is left out.

        Args:
            left: of the left camera.
            right: of the right camera, measured at the same time.

        Raises:
            ValueError: the two are not a stereo pair of one moment.
        """
        self._prepare(left, right)
        if self._maps is None or self._geometry is None:
            return left, right
        frames = []
        for frame, maps, (intrinsics, pose) in zip((left, right), self._maps, self._geometry, strict=True):
            rgb = cv2.remap(frame.rgb, maps[0], maps[1], cv2.INTER_LINEAR).astype(np.uint8)
            fx, fy, cx, cy = (float(intrinsics[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2)))
            changed = replace(frame, rgb=rgb, depth_m=None, fx=fx, fy=fy, cx=cx, cy=cy, pose_base_from_camera=pose)
            frames.append(changed)
        return frames[0], frames[1]

    def _prepare(self, left: Frame, right: Frame) -> None:
        if left.stamp_ns != right.stamp_ns or left.rgb.shape != right.rgb.shape:
            raise ValueError(
                f"cameras {left.camera!r} and {right.camera!r} are not a pair of one moment and size: stamps"
                f" {left.stamp_ns} and {right.stamp_ns} ns, images {left.rgb.shape} and {right.rgb.shape}; both must be"
                " equal; pair frames of equal stamp and size"
            )
        calibration = (left.rgb.shape, *_calibration(left), *_calibration(right))
        if calibration == self._calibration:
            return
        offset, turn = _right_in_left(left, right)
        turned_rad = float(np.linalg.norm(cv2.Rodrigues(turn)[0]))
        aside = float(np.abs(offset[1:]).max())
        focal = min(left.fx, left.fy, right.fx, right.fy)
        usable = offset[0] > 0.0 and aside <= STEEPEST * offset[0] and turned_rad <= MOST_TURN_RAD and focal > 0.0
        if not usable:  # also when anything is NaN
            raise ValueError(
                f"cameras {left.camera!r} and {right.camera!r} are not a rectified pair and cannot be made one: the"
                f" second is at {offset.round(4).tolist()} m, turned by {turned_rad:.3f} rad, focal length from"
                f" {focal:g} px; allowed: to the right (+x, y and z at most {STEEPEST:g} of it), turned by at most"
                f" {MOST_TURN_RAD:g} rad, focal length > 0; exchange the cameras, or calibrate them anew"
            )
        same = np.allclose((left.fx, left.cx, left.cy), (right.fx, right.cx, right.cy))
        if same and aside <= SAME_ROW * offset[0] and np.abs(turn - np.eye(3)).max() <= SAME_TURN:
            self._maps, self._geometry = None, None
        else:
            self._maps, self._geometry = _rectification(left, right, offset, turn)
        self._calibration = calibration


def _calibration(frame: Frame) -> tuple[object, ...]:
    return frame.fx, frame.fy, frame.cx, frame.cy, frame.pose_base_from_camera.tobytes()


def _right_in_left(left: Frame, right: Frame) -> tuple[Array, Array]:
    """Position (3,) and rotation (3, 3) of the right camera in the left one's axes."""
    rotation = left.pose_base_from_camera[:3, :3]
    offset = rotation.T @ (right.pose_base_from_camera[:3, 3] - left.pose_base_from_camera[:3, 3])
    return offset, rotation.T @ right.pose_base_from_camera[:3, :3]


def _rectification(
    left: Frame, right: Frame, offset: Array, turn: Array
) -> tuple[tuple[Maps, Maps], tuple[Geometry, Geometry]]:
    """For each camera its maps, and its new intrinsics (3, 3) and base_from_camera (4, 4)."""
    height, width = left.rgb.shape[:2]
    matrices = [np.array([[f.fx, 0.0, f.cx], [0.0, f.fy, f.cy], [0.0, 0.0, 1.0]]) for f in (left, right)]
    moved, straight = (-turn.T @ offset)[:, None], np.zeros(5)  # without distortion
    turns = cv2.stereoRectify(matrices[0], straight, matrices[1], straight, (width, height), turn.T, moved, alpha=0.0)
    maps: list[Maps] = []
    geometry: list[Geometry] = []
    for frame, matrix, rectified, projection in zip((left, right), matrices, turns[:2], turns[2:4], strict=True):
        rotation, intrinsics = np.asarray(rectified, dtype=np.float64), np.asarray(projection[:, :3], dtype=np.float64)
        whole, fraction = cv2.initUndistortRectifyMap(
            matrix, straight, rotation, intrinsics, (width, height), cv2.CV_16SC2
        )
        pose = frame.pose_base_from_camera.copy()
        pose[:3, :3] = pose[:3, :3] @ rotation.T
        maps.append((np.asarray(whole, dtype=np.int16), np.asarray(fraction, dtype=np.uint16)))
        geometry.append((intrinsics, pose))
    return (maps[0], maps[1]), (geometry[0], geometry[1])

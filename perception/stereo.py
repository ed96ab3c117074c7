"""Distance of the nearest unexplained thing from two images, without depth camera and GPU: for the fallback worker.

Coarse on purpose. A point counts when block matching puts it clearly above what stands on the table, or when it looks
like skin; the robot and the bins explain what is near them. Whatever is left is a person.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from perception.colour import is_skin, to_hsv
from perception.frames import Frame
from perception.robot_shape import distances
from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]

MATCHING_WIDTH = 320  # px; larger images are reduced to about this
HIGHEST_M = 0.9  # above the table: what is looked for lies below
ABOVE_OBJECTS_M = 0.10  # above the table: lower things may be objects
SKIN_HEIGHT_M = 0.05  # above the table, at which skin without a match is taken to be
BLOCK = 13
LEAST_AREA = 40  # px: smaller regions are wrong matches
BIN_MARGIN_M = 0.05
BEYOND_M = 0.09  # matching widens the robot's outline by this much
TABLE_MARGIN_M = 0.1  # around the table: what is farther out is not looked for
CLEARLY = 24.0  # by how much, of 3 x 255, a match must be better than the table's to be believed
STEP = 2
STRAY_POINTS = 15  # the nearest few points are not believed alone


class StereoRange:
    """Measures in pairs of rectified images: same intrinsics, the second camera displaced along the image rows."""

    def __init__(self, description: RobotDescription) -> None:
        self._workcell = description.workcell
        self._matcher: cv2.StereoBM | None = None

    def update(self, left: Frame, right: Frame, robot: Array) -> float | None:
        """Distance of the nearest unexplained point from the robot's surface, m, >= 0; None if there is none.

        Args:
            left: of the left camera.
            right: of the right camera, measured at the same time.
            robot: capsules at that time, see `robot_capsules`, (k, 8).

        Raises:
            ValueError: the two images are not rectified.
        """
        baseline = _baseline_m(left, right)
        factor = max(1, left.rgb.shape[1] // MATCHING_WIDTH)
        images = [_reduced(frame.rgb, factor) for frame in (left, right)]
        focal, cx, cy = left.fx / factor, (left.cx + 0.5) / factor - 0.5, (left.cy + 0.5) / factor - 0.5
        pose = left.pose_base_from_camera
        camera_height = float(pose[2, 3]) - self._workcell.table_height_m
        disparity = self._match(images, focal * baseline, camera_height)
        down = pose[2, 0] * (np.arange(images[0].shape[1]) - cx) / focal
        down = down + (pose[2, 1] * (np.arange(images[0].shape[0]) - cy) / focal)[:, None] + pose[2, 2]
        table = self._is_table(images, disparity, np.maximum(focal * baseline * -down / camera_height, 0.0))
        skin = cv2.medianBlur(is_skin(to_hsv(images[0])).astype(np.uint8), 3).astype(bool)

        rows, columns = np.mgrid[0 : skin.shape[0] : STEP, 0 : skin.shape[1] : STEP]
        skin, disparity = skin[::STEP, ::STEP], np.where(table, 0.0, disparity)[::STEP, ::STEP]
        rays = np.stack([(columns - cx) / focal, (rows - cy) / focal, np.ones(rows.shape)], axis=-1) @ pose[:3, :3].T
        with np.errstate(divide="ignore"):
            depth = np.where(disparity > 0.0, focal * baseline / disparity, np.nan)
            skin_depth = (SKIN_HEIGHT_M - camera_height) / rays[..., 2]
        depth = np.where(np.isnan(depth) & skin, skin_depth, depth)
        points = rays * depth[..., None] + pose[:3, 3]
        height = points[..., 2] - self._workcell.table_height_m
        found = np.isfinite(depth) & (depth > 0.0) & (skin | (height > ABOVE_OBJECTS_M)) & (height < HIGHEST_M)
        for axis, (lower, upper) in enumerate(zip(self._workcell.table_lower, self._workcell.table_upper, strict=True)):
            found &= (points[..., axis] > lower - TABLE_MARGIN_M) & (points[..., axis] < upper + TABLE_MARGIN_M)
        return self._nearest(points[found], skin[found], robot)

    def _match(self, images: list[Pixels], focal_times_baseline: float, camera_height: float) -> Array:
        """Disparity in px, (h, w); 0 where nothing was matched."""
        nearest = max(camera_height - HIGHEST_M, 0.1 * camera_height)
        lowest = max(math.floor(focal_times_baseline / camera_height) - 2, 0)
        count = 16 * math.ceil((focal_times_baseline / nearest - lowest) / 16.0)
        if self._matcher is None:
            self._matcher = cv2.StereoBM.create(count, BLOCK)
            self._matcher.setMinDisparity(lowest)
            self._matcher.setTextureThreshold(200)
            self._matcher.setUniquenessRatio(15)
            self._matcher.setSpeckleWindowSize(LEAST_AREA)
            self._matcher.setSpeckleRange(2)
            self._matcher.setDisp12MaxDiff(1)
        pad = lowest + count  # otherwise the matcher leaves so many columns of the left image out
        grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]
        grey = [cv2.copyMakeBorder(image, 0, 0, pad, 0, cv2.BORDER_REPLICATE) for image in grey]
        disparity = self._matcher.compute(grey[0], grey[1])[:, pad:].astype(np.float64) / 16.0
        return np.where(disparity > lowest, disparity, 0.0)

    def _is_table(self, images: list[Pixels], disparity: Array, table_disparity: Array) -> npt.NDArray[np.bool_]:
        """Pixels that match the other image about as well at the table's disparity as at their own."""
        height, width = disparity.shape
        rows = np.repeat(np.arange(height, dtype=np.float32)[:, None], width, axis=1)
        columns = np.arange(width, dtype=np.float32)[None, :]

        def difference(shift: Array) -> Array:
            source = np.asarray(columns - shift, dtype=np.float32)
            other = cv2.remap(images[1], source, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            summed = cv2.absdiff(images[0], other).sum(axis=2).astype(np.float32)
            return np.asarray(cv2.blur(summed, (5, 5)), dtype=np.float64)

        return difference(table_disparity) < difference(disparity) + CLEARLY

    def _nearest(self, points: Array, skin: npt.NDArray[np.bool_], robot: Array) -> float | None:
        cell = self._workcell
        keep = np.ones(len(points), dtype=bool)
        for item in cell.bin:
            half_x, half_y = item.size[0] / 2.0 + BIN_MARGIN_M, item.size[1] / 2.0 + BIN_MARGIN_M
            inside = (np.abs(points[:, 0] - item.centre[0]) < half_x) & (np.abs(points[:, 1] - item.centre[1]) < half_y)
            keep &= skin | ~(inside & (points[:, 2] < cell.table_height_m + item.size[2] + BIN_MARGIN_M))
        if not keep.any():
            return None
        points, skin = points[keep], skin[keep]
        wider = robot.copy()
        wider[:, 7] += BEYOND_M
        distance, own = distances(points, wider)
        person = np.sort(distance[~own | (skin & (distance > 0.0))])
        return max(float(person[STRAY_POINTS]), 0.0) if len(person) > STRAY_POINTS else None


def _baseline_m(left: Frame, right: Frame) -> float:
    """How far the right camera is to the right of the left one.

    Raises:
        ValueError: the images are not rectified.
    """
    pose_left, pose_right = left.pose_base_from_camera, right.pose_base_from_camera
    offset = pose_left[:3, :3].T @ (pose_right[:3, 3] - pose_left[:3, 3])
    turned = np.abs(pose_left[:3, :3] - pose_right[:3, :3]).max()
    intrinsics = [(frame.fx, frame.cx, frame.cy) for frame in (left, right)]
    same = left.rgb.shape == right.rgb.shape and np.allclose(intrinsics[0], intrinsics[1])
    if not same or turned > 1e-3 or offset[0] <= 0.0 or np.abs(offset[1:]).max() > 0.01 * offset[0]:
        raise ValueError(
            f"cameras {left.camera!r} and {right.camera!r} are not a rectified pair: the second is at"
            f" {offset.round(4).tolist()} m and turned by {turned:.4f}; rectify the images, or exchange them"
        )
    return float(offset[0])


def _reduced(rgb: Pixels, factor: int) -> Pixels:
    if factor == 1:
        return rgb
    size = (rgb.shape[1] // factor, rgb.shape[0] // factor)
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)

"""Level 1: what every image is looked at with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.roles import Detections, Floats
from perception.colour import LEAST_SATURATION
from perception.detector_calibration import DetectorCalibration
from perception.frames import Frame
from perception.object_geometry import IN_HAND_M, LOWEST_M, Region, region_of
from perception.observation import Box, Observation
from perception.point_image import PointImage
from perception.robot_shape import distance_from, distances
from perception.tracks import PERSON

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
POSITION_STD_M = 0.004  # of the middle of what a box shows, with a depth camera
MODEL_POSITION_STD_M = 0.06  # with depth that a network estimates
CORE = 0.5  # of a box: its middle, where the thing itself is
SAME_HUE = 12  # of 180
LEAST_CORE = 4  # px
MOSTLY = 0.7  # of the middle's points


@dataclass(frozen=True, slots=True)
class Middle:
    """What the middle of a box shows.

    Attributes:
        position_base: median of its points above the table that are not the robot's, (3,) m; None if they are too few.
        is_robots: it is the robot itself, or what it holds.
    """

    position_base: tuple[float, float, float] | None
    is_robots: bool


UNKNOWN = Middle(None, False)


def observations(
    detections: Detections,
    calibration: DetectorCalibration,
    points: PointImage | None,
    std_m: float,
    robot: Array,
    table_height_m: float,
) -> list[Observation]:
    """What a tracker is fed with: not what the robot holds, for that lies nowhere, and not the robot.

    Args:
        detections: of the image.
        calibration: of the detector.
        points: of the image; None without any depth.
        std_m: standard deviation of a position from these points.
        robot: see `robot_capsules`, (k, 8).
        table_height_m: of its top.
    """
    names = [detections.names[label] for label in detections.labels]
    scores = calibration.thing.apply(detections.scores).tolist()
    label_scores = calibration.label_scores(detections.scores, names).tolist()
    boxes: list[Box] = [(left, top, right, bottom) for left, top, right, bottom in detections.boxes.tolist()]
    middles = [UNKNOWN] * len(boxes) if points is None else middles_of(boxes, points, robot, table_height_m)
    found = []
    for box, score, name, label_score, middle in zip(boxes, scores, names, label_scores, middles, strict=True):
        left, top, right, bottom = box
        if right - left < 1.0 or bottom - top < 1.0 or (middle.is_robots and name != PERSON):
            continue
        position = middle.position_base
        found.append(Observation(box, score, name, label_score, position, None if position is None else std_m))
    return found


def middles_of(boxes: Sequence[Box], points: PointImage, robot: Array, table_height_m: float) -> list[Middle]:
    """What the middle of each box shows, apart from the robot and the table.

    Args:
        boxes: px.
        points: of the image.
        robot: see `robot_capsules`, (k, 8).
        table_height_m: of its top.
    """
    # The points of all boxes at once: the distances of a few points take as long as those of many.
    cores = [_pixels(_core(box, points.shape), points.shape[1]) for box in boxes]
    pixels = np.concatenate([*cores, np.zeros(0, dtype=np.intp)])
    returned = points.returned(pixels)
    owner = np.repeat(np.arange(len(boxes)), [len(core) for core in cores])[returned]
    counts = np.bincount(owner, minlength=len(boxes))
    ends = np.cumsum(counts).tolist()
    cloud = points.of(pixels[returned])
    _, own = distances(cloud, robot)
    high = cloud[:, 2] > table_height_m + LOWEST_M
    seen = [(index, end - count, end) for index, (count, end) in enumerate(zip(counts.tolist(), ends, strict=True))]
    middles = [UNKNOWN] * len(boxes)
    for index, begin, end in seen:
        if end - begin < LEAST_CORE:
            continue
        part, mine = cloud[begin:end], own[begin:end]
        is_robots = distance_from(robot[-1], _middle(part).tolist()) < IN_HAND_M or int(mine.sum()) > MOSTLY * len(mine)
        rest = part[~mine & high[begin:end]]
        if len(rest) < LEAST_CORE:
            middles[index] = Middle(None, is_robots)
        else:
            x, y, z = _middle(rest).tolist()
            middles[index] = Middle((x, y, z), is_robots)
    return middles


def _middle(cloud: Floats) -> Floats:
    """Median of points (n, 3) in each coordinate; the upper one of two."""
    middle: Floats = np.sort(cloud, axis=0)[len(cloud) // 2]
    return middle


def _pixels(part: tuple[slice, slice], width: int) -> npt.NDArray[np.intp]:
    """The pixels of a part of an image, counted row by row."""
    rows, columns = part
    return (np.arange(rows.start, rows.stop)[:, None] * width + np.arange(columns.start, columns.stop)).ravel()


def rough_region(box: Box, label: str, hsv: npt.NDArray[np.uint8], candidates: Mask, frame: Frame) -> Region | None:
    """The pixels of the thing in a box without a network's mask: those that may be one and have its middle's colour.

    Args:
        box: px.
        label: of the detection; a person is no thing.
        hsv: the image, see `perception.colour`.
        candidates: see `may_be_object`.
        frame: with depth.
    """
    if label == PERSON or frame.depth_m is None:
        return None
    height, width = candidates.shape
    left, top = max(0, int(box[0]) - 1), max(0, int(box[1]) - 1)
    right, bottom = min(width, int(np.ceil(box[2])) + 1), min(height, int(np.ceil(box[3])) + 1)
    part = (slice(top, bottom), slice(left, right))
    core = _core(box, candidates.shape)
    inside = candidates[core]
    if np.count_nonzero(inside) < LEAST_CORE:
        return None
    middle = hsv[core][inside]
    mask = candidates[part].copy()
    if float(np.median(middle[:, 1])) >= LEAST_SATURATION:
        hue = _median_hue(middle[:, 0])
        apart = np.abs((hsv[part][:, :, 0].astype(np.int16) - hue + 90) % 180 - 90)
        mask &= (apart <= SAME_HUE) & (hsv[part][:, :, 1] >= LEAST_SATURATION)
    return region_of(mask, left, top, frame.depth_m)


def points_of_depth_model(depth: Floats, frame: Frame) -> npt.NDArray[np.float32]:
    """A depth image (h, w) of the frame's size from a network's smaller one."""
    return np.asarray(cv2.resize(depth, (frame.rgb.shape[1], frame.rgb.shape[0])), dtype=np.float32)


def _core(box: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    left, top, right, bottom = box
    x, y = (left + right) / 2.0, (top + bottom) / 2.0
    half_x, half_y = max(CORE * (right - left) / 2.0, 1.0), max(CORE * (bottom - top) / 2.0, 1.0)
    rows = slice(max(0, int(y - half_y)), min(shape[0], int(np.ceil(y + half_y))))
    return rows, slice(max(0, int(x - half_x)), min(shape[1], int(np.ceil(x + half_x))))


def _median_hue(hues: npt.NDArray[np.uint8]) -> int:
    """Of hues that lie on a circle of 180."""
    angles = hues.astype(np.float64) * (np.pi / 90.0)
    mean = np.angle(np.exp(1j * angles).mean())
    return round(float(mean) * 90.0 / np.pi) % 180

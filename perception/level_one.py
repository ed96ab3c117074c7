"""Level 1: what every image is looked at with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.roles import Detections, Floats
from perception.colour import LEAST_SATURATION
from perception.detector_calibration import DetectorCalibration
from perception.frames import Frame
from perception.object_geometry import Region, region_of
from perception.observation import Box, Observation
from perception.point_image import PointImage
from perception.tracks import PERSON

Mask = npt.NDArray[np.bool_]
POSITION_STD_M = 0.004  # of the middle of what a box shows, with a depth camera
MODEL_POSITION_STD_M = 0.06  # with depth that a network estimates
CORE = 0.5  # of a box: its middle, where the thing itself is
SAME_HUE = 12  # of 180
LEAST_CORE = 4  # px


def observations(
    detections: Detections, calibration: DetectorCalibration, points: PointImage | None, std_m: float
) -> list[Observation]:
    """What a tracker is fed with.

    Args:
        detections: of the image.
        calibration: of the detector.
        points: of the image; None without any depth.
        std_m: standard deviation of a position from these points.
    """
    found = []
    names = [detections.names[label] for label in detections.labels]
    scores = calibration.thing.apply(detections.scores).tolist()
    label_scores = calibration.label_scores(detections.scores, names).tolist()
    for box, score, name, label_score in zip(detections.boxes.tolist(), scores, names, label_scores, strict=True):
        left, top, right, bottom = box
        if right - left < 1.0 or bottom - top < 1.0:
            continue
        position = None if points is None else middle_of((left, top, right, bottom), points)
        where = (left, top, right, bottom)
        found.append(Observation(where, score, name, label_score, position, None if position is None else std_m))
    return found


def middle_of(box: Box, points: PointImage) -> tuple[float, float, float] | None:
    """Median of the points in the middle of a box, m; None where too few pixels have a return."""
    part = _core(box, points.valid.shape)
    valid = points.valid[part]
    if np.count_nonzero(valid) < LEAST_CORE:
        return None
    x, y, z = (float(np.median(axis[part][valid])) for axis in (points.x, points.y, points.z))
    return x, y, z


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
    import cv2

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

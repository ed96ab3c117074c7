"""Level 2: a closer look at single things: what each is, which pixels are its own, and how it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from models.preprocessing import PreparedImage
from perception.cascade_models import CascadeModels
from perception.colour import colour_of
from perception.frames import Frame
from perception.keypoint_pose import place_by_points
from perception.object_geometry import Placed, Region, is_in_hand, place_thing, points_of, region_of, shape_likelihood
from perception.observation import Appearance, Box
from perception.point_image import PointImage
from perception.shape import SHAPES, Shape
from rt_control.robot_file import Workcell

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CloserLook:
    """What one look says of one thing.

    Attributes:
        appearance: its embedding, and how likely each shape is, by its looks and by its points.
        colour: its name; empty if nothing of it is seen.
        placed: where it lies; None where its points do not say.
        in_hand: it lies between the fingers.
        covered_share: 0..1 of its rim that something nearer touches.
    """

    appearance: Appearance
    colour: str
    placed: Placed | None
    in_hand: bool
    covered_share: float


def look_closer(
    models: CascadeModels,
    image: PreparedImage,
    boxes: Sequence[Box],
    frame: Frame,
    points: PointImage | None,
    hsv: npt.NDArray[np.uint8],
    robot: Array,
    workcell: Workcell,
) -> list[CloserLook]:
    """Look at things, all in one run of each network.

    Args:
        models: of the cascade.
        image: whole.
        boxes: of the things, px.
        frame: of the image.
        points: of the image; None where it has no depth.
        hsv: of the image.
        robot: see `robot_capsules`, (k, 8).
        workcell: what stands where.
    """
    windows = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    features = models.features.extract(image, windows)
    masks = models.masks.segment(image, windows)
    looks: list[CloserLook] = []
    lost: list[tuple[int, float]] = []  # whose points in the depth image do not say where they lie
    for index in range(len(boxes)):
        region = _region(masks.probability[index], masks.windows[index], frame)
        scores = (
            {}
            if features.class_scores is None
            else dict(zip(features.names, features.class_scores[index].tolist(), strict=True))
        )
        colour, placed, held = "", None, False
        if region is not None:
            left, top, width, height = region.box
            colour = colour_of(hsv[top : top + height, left : left + width][region.mask])
        if region is not None and points is not None and frame.depth_m is not None:
            thing = points_of(points, region)
            held = is_in_hand(thing, robot)
            likelihood = shape_likelihood(thing, workcell)
            scores = _combined(scores, likelihood)
            placed = place_thing(thing, _likeliest(scores), workcell)
        if region is not None and placed is None and not held:
            lost.append((index, region.hidden_share))
        covered = 0.0 if region is None else region.covered_share
        looks.append(CloserLook(Appearance(features.vectors[index], scores), colour, placed, held, covered))
    if lost:
        keypoints = models.pose.locate(image, windows)
        for index, hidden_share in lost:
            shape = _likeliest(dict(looks[index].appearance.class_scores))
            if shape is not None and keypoints.extents is not None:
                points_px = keypoints.points[index].astype(np.float64)
                scores_px, extents = keypoints.scores[index].astype(np.float64), keypoints.extents[index]
                sizes = extents.astype(np.float64)
                found = place_by_points(points_px, scores_px, sizes, frame, shape, hidden_share, workcell)
                looks[index] = replace(looks[index], placed=found)
    return looks


def _region(probability: npt.NDArray[np.float32], window: npt.NDArray[np.float32], frame: Frame) -> Region | None:
    """The mask over its window as a region of the image."""
    rows, columns = frame.rgb.shape[:2]
    left, top = max(0, int(np.floor(window[0]))), max(0, int(np.floor(window[1])))
    right, bottom = min(columns, int(np.ceil(window[2]))), min(rows, int(np.ceil(window[3])))
    if right - left < 2 or bottom - top < 2:
        return None
    scale = float(window[2] - window[0]) / probability.shape[1]
    to_image = np.array(
        [
            [scale, 0.0, float(window[0]) - left + 0.5 * scale - 0.5],
            [0.0, scale, float(window[1]) - top + 0.5 * scale - 0.5],
        ]
    )
    mask = cv2.warpAffine(probability, to_image, (right - left, bottom - top), flags=cv2.INTER_LINEAR) > 0.5
    depth = frame.depth_m if frame.depth_m is not None else np.zeros((rows, columns), dtype=np.float32)
    return region_of(mask, left, top, depth)


def _combined(by_looks: dict[str, float], by_points: dict[Shape, float]) -> dict[str, float]:
    """Two independent opinions as one; the looks of a network without classes say nothing."""
    product = {shape: by_looks.get(shape, 0.0 if by_looks else 1.0) * by_points[shape] for shape in SHAPES}
    total = sum(product.values())
    return {name: value / total for name, value in product.items()} if total > 0.0 else by_looks


def _likeliest(scores: dict[str, float]) -> Shape | None:
    return max((shape for shape in SHAPES if shape in scores), key=lambda shape: scores[shape], default=None)

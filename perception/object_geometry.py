"""The place, direction and size of one thing, from the points of its pixels and from what stands in the workcell."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from perception.point_image import PointImage
from perception.robot_shape import distance_from
from perception.shape import SHAPES, Measured, Shape, measure
from rt_control.robot_file import BIN_FLOOR_M, Bin, Workcell

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

LOWEST_M = 0.004  # above the table: below is the table itself
HIGHEST_M = 0.12  # objects stand no higher
LARGEST_M = 0.12  # and are no longer: a sleeve is
LIFTED_M = 0.02  # an object whose lowest visible point is this high does not stand on the table
IN_HAND_M = 0.04  # what is nearer than this to the line between the fingers is held, or about to be
NEARER_M = 0.02  # what is this much nearer to the camera than a thing, and touches it, hides part of it
LEAST_PIXELS = 12
HIDDEN_DOUBT = 0.9  # share of the confidence that is lost when the whole rim is hidden
# How often the geometry of a thing shows the shape that it has, from `dynamical bench perception`'s tables: it is a
# second opinion beside the network's, and no more.
SHAPE_RELIABILITY = 0.85


@dataclass(frozen=True, slots=True)
class Region:
    """The pixels of one thing.

    Attributes:
        box: left, top, width, height, px.
        mask: of the box, (height, width): pixels that show the thing.
        covered_share: 0..1 of its rim where something nearer to the camera touches it.
        cut_off: the edge of the image cuts it off.
    """

    box: tuple[int, int, int, int]
    mask: Mask
    covered_share: float
    cut_off: bool

    @property
    def hidden_share(self) -> float:
        """How much of it may not be in view, 0..1: nobody knows what lies beyond the edge of the image."""
        return 1.0 if self.cut_off else self.covered_share


@dataclass(frozen=True, slots=True)
class ThingPoints:
    """The points of one thing.

    Attributes:
        points: of its region's box, (height, width).
        mask: (height, width): which of them are its own.
        hidden_share: of its region.
    """

    points: PointImage
    mask: Mask
    hidden_share: float


@dataclass(frozen=True, slots=True)
class Placed:
    """What the points of a thing say of it.

    Attributes:
        measured: its place, direction and size.
        certainty: 0..1, how well that is known.
        hidden_share: 0..1, of its region.
    """

    measured: Measured
    certainty: float
    hidden_share: float


def region_of(mask: Mask, left: int, top: int, depth_m: Floats) -> Region | None:
    """The largest connected part of a mask as a region; None if it is too small.

    Args:
        mask: (h, w).
        left, top: where it lies in the image, px.
        depth_m: of the whole image.
    """
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return None
    best = 1 + int(boxes[1:, cv2.CC_STAT_AREA].argmax())
    x, y, width, height, area = (int(value) for value in boxes[best])
    if area < LEAST_PIXELS:
        return None
    part = labels[y : y + height, x : x + width] == best
    box = (x + left, y + top, width, height)
    rows, columns = depth_m.shape
    left, top = box[:2]
    cut_off = left == 0 or top == 0 or left + width == columns or top + height == rows
    return Region(box, part, _covered_share(part, box, depth_m), cut_off)


def may_be_object(points: PointImage, workcell: Workcell) -> Mask:
    """Pixels (h, w) above the table and no higher than things are."""
    height = points.z - np.float32(workcell.table_height_m)
    inside: Mask = points.valid & (height > LOWEST_M) & (height < HIGHEST_M)
    inside &= (points.x > workcell.table_lower[0]) & (points.x < workcell.table_upper[0])
    inside &= (points.y > workcell.table_lower[1]) & (points.y < workcell.table_upper[1])
    return inside


def points_of(points: PointImage, region: Region) -> ThingPoints:
    """The points of a thing.

    Args:
        points: of the whole image.
        region: of the thing.
    """
    left, top, width, height = region.box
    cut = points.part(slice(top, top + height), slice(left, left + width))
    return ThingPoints(cut, region.mask & cut.valid, region.hidden_share)


def place_thing(thing: ThingPoints, shape: Shape | None, workcell: Workcell) -> Placed | None:
    """Measure a thing that stands on the table or in a bin; None if it does not, or too little of it is seen.

    Args:
        thing: its points.
        shape: what it is; None lets its points say.
        workcell: what stands where.
    """
    cut, mask = thing.points, thing.mask
    if not mask.any():
        return None
    x, y, lowest = float(cut.x[mask].mean()), float(cut.y[mask].mean()), float(cut.z[mask].min())
    floor = floor_at(x, y, workcell)
    if floor == workcell.table_height_m and lowest - floor > LIFTED_M:
        return None
    measured = measure(cut, mask, floor, shape)
    if measured is None or max(measured.size_m) > LARGEST_M:
        return None
    return Placed(measured, _certainty(measured, thing), thing.hidden_share)


def floor_at(x: float, y: float, workcell: Workcell) -> float:
    """Height of what a thing at (x, y) stands on, m: the table, or the floor of a bin."""
    in_bin = any(_contains(item, x, y) for item in workcell.bin)
    return workcell.table_height_m + (BIN_FLOOR_M if in_bin else 0.0)


def shape_likelihood(thing: ThingPoints, workcell: Workcell) -> dict[Shape, float]:
    """How well each shape explains the points of a thing; the values of all sum to 1."""
    placed = place_thing(thing, None, workcell)
    even = 1.0 / len(SHAPES)
    if placed is None:
        return dict.fromkeys(SHAPES, even)
    # The worse it is seen, the less its geometry says.
    weight = SHAPE_RELIABILITY * max(placed.measured.quality, 0.0) * (1.0 - placed.hidden_share)
    return {shape: (1.0 - weight) * even + (weight if shape == placed.measured.shape else 0.0) for shape in SHAPES}


def is_in_hand(thing: ThingPoints, robot: Array) -> bool:
    """Whether a thing lies between the fingers, the last of the robot's capsules."""
    if not thing.mask.any():
        return False
    middle = thing.points.at(thing.mask).mean(axis=0).tolist()
    return distance_from(robot[-1], middle) < IN_HAND_M


def _covered_share(mask: Mask, box: tuple[int, int, int, int], depth_m: Floats) -> float:
    left, top, width, height = box
    above, before = min(top, 1), min(left, 1)  # where the image goes on
    around = depth_m[top - above : top + height + 1, left - before : left + width + 1]
    inside = np.zeros(around.shape, dtype=np.uint8)
    inside[above : above + height, before : before + width] = mask
    rim = cv2.dilate(inside, np.ones((3, 3), dtype=np.uint8)).astype(bool) & ~inside.astype(bool)
    seen = around[inside.astype(bool)]
    seen = seen[seen > 0.0]
    if len(seen) == 0:
        return 1.0
    hiding = rim & (around < float(seen.min()) - NEARER_M) & (around > 0.0)
    return float(np.count_nonzero(hiding)) / max(int(np.count_nonzero(rim)), 1)


def _contains(item: Bin, x: float, y: float) -> bool:
    return abs(x - item.centre[0]) < item.size[0] / 2.0 and abs(y - item.centre[1]) < item.size[1] / 2.0


def _certainty(measured: Measured, thing: ThingPoints) -> float:
    """From the fit, and from how much of the thing is in view."""
    pixel = float(thing.points.pixel_m[thing.mask].mean())
    expected = 0.7 * measured.size_m[0] * max(measured.size_m[1], measured.size_m[2]) / pixel**2
    visible = min(1.0, float(np.count_nonzero(thing.mask)) / max(expected, 1.0))
    return (0.5 + 0.49 * measured.quality) * visible * max(1.0 - HIDDEN_DOUBT * thing.hidden_share, 0.0)

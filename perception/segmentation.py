"""Regions of an RGB-D image that may be objects: connected, of one saturated colour, above the table."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from perception.point_image import PointImage

Mask = npt.NDArray[np.bool_]

# Upper end of each colour's hue, as OpenCV counts (0..180).
HUES = (
    (8, "red"),
    (17, "orange"),
    (35, "yellow"),
    (85, "green"),
    (98, "cyan"),
    (130, "blue"),
    (169, "purple"),
    (181, "red"),
)
LEAST_SATURATION = 130
LEAST_VALUE = 30
LEAST_PIXELS = 12
SKIN_HUE = (3, 18)
SKIN_SATURATION = (60, 130)
SKIN_VALUE = 70
NEARER_M = 0.02  # what is this much nearer to the camera than a region, and touches it, hides part of it


@dataclass(frozen=True, slots=True)
class Region:
    """A candidate.

    Attributes:
        colour: its name.
        box: left, top, width, height, px.
        mask: of the box, (height, width).
        hidden_share: 0..1 of its rim where something nearer to the camera touches it; 1 at the edge of the image.
    """

    colour: str
    box: tuple[int, int, int, int]
    mask: Mask
    hidden_share: float


_LEAST_HSV = np.array([0, LEAST_SATURATION, LEAST_VALUE], dtype=np.uint8)
_MOST_HSV = np.array([180, 255, 255], dtype=np.uint8)
_COLOURS = tuple(dict.fromkeys(name for _, name in HUES))
_COLOUR_OF_HUE = np.zeros(256, dtype=np.uint8)  # 1 + index into _COLOURS; 0 above 180
for _upper, _name in reversed(HUES):
    _COLOUR_OF_HUE[:_upper] = 1 + _COLOURS.index(_name)


def to_hsv(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Hue (0..180), saturation and value (0..255) of each pixel."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)  # type: ignore[return-value]  # cv2's stubs do not know the dtype


def is_skin(hsv: npt.NDArray[np.uint8]) -> Mask:
    """Pixels that may be skin."""
    lower = np.array([SKIN_HUE[0], SKIN_SATURATION[0], SKIN_VALUE], dtype=np.uint8)
    upper = np.array([SKIN_HUE[1], SKIN_SATURATION[1], 255], dtype=np.uint8)
    return cv2.inRange(hsv, lower, upper).astype(bool)


def segment(hsv: npt.NDArray[np.uint8], depth_m: npt.NDArray[np.float32], candidates: Mask) -> list[Region]:
    """Connected regions of one colour.

    Args:
        hsv: the image.
        depth_m: of each pixel.
        candidates: pixels that may belong to an object.
    """
    saturated = cv2.inRange(hsv, _LEAST_HSV, _MOST_HSV).astype(bool) & candidates
    rows, columns = np.nonzero(saturated)
    colours = _COLOUR_OF_HUE[hsv[rows, columns, 0]]
    regions: list[Region] = []
    for index in np.flatnonzero(np.bincount(colours, minlength=1) >= LEAST_PIXELS):
        of_colour = colours == index
        regions += _connected(_COLOURS[index - 1], rows[of_colour], columns[of_colour], depth_m)
    return regions


def _connected(
    colour: str, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], depth_m: npt.NDArray[np.float32]
) -> list[Region]:
    first_row, first_column = int(rows.min()), int(columns.min())
    image = np.zeros((int(rows.max()) - first_row + 1, int(columns.max()) - first_column + 1), dtype=np.uint8)
    image[rows - first_row, columns - first_column] = 1
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(image, connectivity=8)
    regions: list[Region] = []
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in boxes[label])
        if area >= LEAST_PIXELS:
            mask = labels[top : top + height, left : left + width] == label
            box = (left + first_column, top + first_row, width, height)
            regions.append(Region(colour, box, mask, _hidden_share(mask, box, depth_m)))
    return regions


def _hidden_share(mask: Mask, box: tuple[int, int, int, int], depth_m: npt.NDArray[np.float32]) -> float:
    left, top, width, height = box
    rows, columns = depth_m.shape
    if left == 0 or top == 0 or left + width == columns or top + height == rows:
        return 1.0
    around = depth_m[top - 1 : top + height + 1, left - 1 : left + width + 1]
    inside = np.zeros(around.shape, dtype=np.uint8)
    inside[1:-1, 1:-1] = mask
    rim = cv2.dilate(inside, np.ones((3, 3), dtype=np.uint8)).astype(bool) & ~inside.astype(bool)
    nearest = float(around[inside.astype(bool)].min()) - NEARER_M
    hiding = rim & (around < nearest) & (around > 0.0)
    return float(np.count_nonzero(hiding)) / max(int(np.count_nonzero(rim)), 1)


def crop(points: PointImage, region: Region) -> tuple[PointImage, Mask]:
    """The points of the region's box, and which of them are the region's."""
    left, top, width, height = region.box
    part = (slice(top, top + height), slice(left, left + width))
    cut = PointImage(points.x[part], points.y[part], points.z[part], points.valid[part], points.pixel_m[part])
    return cut, region.mask & cut.valid

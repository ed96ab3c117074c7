"""What a region of points is: shape, size, place and direction, measured from its geometry.

A box shows straight upright faces, a cylinder curved ones below a flat top, a ball a sphere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
import numpy.typing as npt

from perception.point_image import PointImage

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Shape = Literal["cube", "box", "cylinder", "ball"]
SHAPES: tuple[Shape, ...] = get_args(Shape)

TOP_BAND_M = 0.0025  # points within this of the highest are the top face
SPHERE_RESIDUAL_M = 0.0015
SPHERE_HEIGHT_SHARE = 0.2  # relative difference between diameter and height of a ball
STRAIGHT = 0.55  # resultant length of the side's directions, taken modulo a quarter turn: 1 straight, 0 round
CUBE_RATIO = 1.2
LYING_RATIO = 1.6  # of the sides of a cylinder's top: longer, it is the ridge of one that lies
LEAST_TOP = 6
LEAST_SIDE = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """One object as one image shows it.

    Attributes:
        shape: what it is.
        position_base: its centre, (3,) m.
        yaw_rad: of its longest horizontal side from the base's x axis, in (-pi/2, pi/2]; 0 for what is round.
        size_m: extents along its longest horizontal side, across it, and its height.
        quality: 0..1, how well shape and points agree.
    """

    shape: Shape
    position_base: Array
    yaw_rad: float
    size_m: tuple[float, float, float]
    quality: float


def measure(points: PointImage, mask: Mask, floor_z: float, shape: Shape | None = None) -> Measured | None:
    """Measure a region that stands on `floor_z` (m).

    Args:
        points: of the region's box.
        mask: which of them are the region's.
        floor_z: height of what it stands on, m.
        shape: what it is; None: what its points look like.

    Returns:
        None if too little of it is seen.
    """
    cloud = points.at(mask)
    if len(cloud) < LEAST_TOP:
        return None
    top_z = float(np.partition(cloud[:, 2], -3)[-3])
    height = top_z - floor_z
    pixel = float(points.pixel_m[mask].mean())
    if shape in (None, "ball"):
        ball = _as_ball(cloud, floor_z, known=shape == "ball")
        if ball is not None:
            return ball
    top = cloud[cloud[:, 2] >= top_z - TOP_BAND_M]
    if len(top) < LEAST_TOP or height <= 0.0:
        return None
    centre = np.append(top[:, :2].mean(axis=0), floor_z + height / 2.0)
    direction, straightness = _side_direction(points, mask, floor_z + 0.15 * height, top_z - TOP_BAND_M)
    if shape == "cylinder" and _is_elongated(top[:, :2], pixel):
        return _as_lying_cylinder(cloud, height, floor_z, pixel)
    round_ = straightness is not None and straightness < STRAIGHT
    if shape == "cylinder" or (shape is None and round_):
        diameter = 2.0 * math.sqrt(len(top) * _cell_area(points, mask, top_z) / math.pi)
        quality = 1.0 - straightness / STRAIGHT / 2.0 if straightness is not None and round_ else 0.5
        return Measured("cylinder", centre, 0.0, (diameter, diameter, height), quality)
    if straightness is None:
        direction = _least_area_direction(top[:, :2])
    return _as_box(top, centre, direction, height, pixel, 0.5 if straightness is None else straightness, shape)


def _as_ball(cloud: Array, floor_z: float, known: bool) -> Measured | None:
    """A sphere through the points that lies on the floor: |p|^2 = 2 c.p + (r^2 - |c|^2), linear in c and the rest."""
    origin = cloud.mean(axis=0)
    local = cloud - origin
    system = np.column_stack([2.0 * local, np.ones(len(local))])
    squares = (local**2).sum(axis=1)
    solution, _, rank, _ = np.linalg.lstsq(system, squares, rcond=None)
    if rank < 4:
        return None
    centre = solution[:3]
    radius = math.sqrt(max(float(solution[3] + centre @ centre), 0.0))
    residual = float(np.abs(np.linalg.norm(local - centre, axis=1) - radius).mean())
    centre = centre + origin
    height = float(centre[2] + radius - floor_z)
    tolerance = 2.0 if known else 1.0
    if (
        residual > tolerance * SPHERE_RESIDUAL_M
        or abs(2.0 * radius - height) > tolerance * SPHERE_HEIGHT_SHARE * height
    ):
        return None
    size = 2.0 * radius
    return Measured("ball", centre, 0.0, (size, size, size), 1.0 - 0.5 * residual / SPHERE_RESIDUAL_M)


def _side_direction(points: PointImage, mask: Mask, lower_z: float, upper_z: float) -> tuple[float, float | None]:
    """Mean horizontal direction (rad, modulo a quarter turn) of the upright faces, and how much they agree (0..1).

    Taken from neighbours in an image row that both lie on a side face; None if too little of the sides is seen.
    """
    side = mask & (points.z > lower_z) & (points.z < upper_z)
    pairs = side[:, 1:] & side[:, :-1]
    if np.count_nonzero(pairs) < LEAST_SIDE:
        return 0.0, None
    dx = np.diff(points.x, axis=1)[pairs].astype(np.float64)
    dy = np.diff(points.y, axis=1)[pairs].astype(np.float64)
    angles = np.arctan2(dy, dx)
    mean = np.exp(4j * angles).mean()
    return float(np.angle(mean)) / 4.0, float(abs(mean))


def _cell_area(points: PointImage, mask: Mask, top_z: float) -> float:
    """Area of the horizontal plane that one pixel of the top face covers, m^2."""
    top = mask & (points.z >= top_z - TOP_BAND_M)
    right = top[:, 1:] & top[:, :-1]
    below = top[1:] & top[:-1]
    if not right.any() or not below.any():
        return float(points.pixel_m[mask].mean()) ** 2
    across = np.hypot(np.diff(points.x, axis=1)[right], np.diff(points.y, axis=1)[right])
    along = np.hypot(np.diff(points.x, axis=0)[below], np.diff(points.y, axis=0)[below])
    return float(np.median(across) * np.median(along))


def _least_area_direction(top: Array) -> float:
    """Direction of the smallest rectangle around the top face."""
    angles = np.linspace(0.0, math.pi / 2.0, 46)[:-1]
    along = top @ np.array([np.cos(angles), np.sin(angles)])
    across = top @ np.array([-np.sin(angles), np.cos(angles)])
    return float(angles[int(np.argmin(np.ptp(along, axis=0) * np.ptp(across, axis=0)))])


def _is_elongated(top: Array, pixel: float) -> bool:
    """Whether a top (n, 2) is a ridge, and not a disc."""
    _, (one, other), _ = cv2.minAreaRect(top.astype(np.float32))
    return max(one, other) + pixel > LYING_RATIO * (min(one, other) + pixel)


def _as_lying_cylinder(cloud: Array, height: float, floor_z: float, pixel: float) -> Measured:
    """Its axis is the long side of the outline; its height is its diameter."""
    centre, (one, other), angle = cv2.minAreaRect(cloud[:, :2].astype(np.float32))
    direction = math.radians(angle) + (math.pi / 2.0 if other > one else 0.0)
    position = np.array([*centre, floor_z + height / 2.0])
    return Measured("cylinder", position, _half_turn(direction), (max(one, other) + pixel, height, height), 0.6)


def _half_turn(direction: float) -> float:
    """In (-pi/2, pi/2]."""
    yaw = math.remainder(direction, math.pi)
    return math.pi / 2.0 if yaw == -math.pi / 2.0 else yaw


def _as_box(
    top: Array, centre: Array, direction: float, height: float, pixel: float, quality: float, shape: Shape | None
) -> Measured:
    cosine, sine = math.cos(direction), math.sin(direction)
    along, across = top[:, 0] * cosine + top[:, 1] * sine, top[:, 1] * cosine - top[:, 0] * sine
    length, width = float(np.ptp(along)) + pixel, float(np.ptp(across)) + pixel
    if width > length:
        length, width, direction = width, length, direction + math.pi / 2.0
    sides = (length, width, height)
    if shape is None or shape == "ball":
        shape = "cube" if max(sides) <= CUBE_RATIO * min(sides) else "box"
    return Measured(shape, centre, _half_turn(direction), sides, quality)

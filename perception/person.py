"""The nearest person: every point above the table that nothing else explains, and every point of skin.

A point is explained by the table, a bin, the robot, or an object that perception knows. What is left is a person,
whatever it looks like: the careful side of every doubt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from perception.point_image import PointImage
from perception.robot_shape import distances
from perception.scene import SceneObject, Vector3
from rt_control.robot_file import Workcell

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

ABOVE_TABLE_M = 0.02
BIN_MARGIN_M = 0.02
OBJECT_MARGIN_M = 0.025
LEAST_NEIGHBOURS = 3  # of the 9 around a point: fewer are noise at the edge of something else
ROBOT_SKIN_M = 0.02  # skin-coloured points nearer to the robot's surface than this are its own


@dataclass(frozen=True, slots=True)
class NearestPerson:
    """The point of a person that is nearest to the robot.

    Attributes:
        distance_m: to the robot's surface, >= 0.
        point_base: where it is, base frame, m.
        pixel_m: width of a pixel at this point: times the focal length in px, its distance along the optical axis.
    """

    distance_m: float
    point_base: Vector3
    pixel_m: float


class PersonFinder:
    """Finds the nearest unexplained point in one point image."""

    def __init__(self, workcell: Workcell) -> None:
        self._workcell = workcell

    def distance_m(self, points: PointImage, skin: Mask, robot: Array, objects: Iterable[SceneObject]) -> float | None:
        """Distance between the nearest person and the robot's surface, m, >= 0; None when nobody is seen.

        Args: see `nearest`.
        """
        found = self.nearest(points, skin, robot, objects)
        return None if found is None else found.distance_m

    def nearest(
        self, points: PointImage, skin: Mask, robot: Array, objects: Iterable[SceneObject]
    ) -> NearestPerson | None:
        """The point of a person that is nearest to the robot's surface; None when nobody is seen.

        Args:
            points: of the image, thinned out as far as a finger still covers a few pixels.
            skin: pixels that look like skin.
            robot: see `robot_capsules`, (k, 8).
            objects: known objects, seen or remembered.
        """
        high = np.flatnonzero(points.valid & (points.z > self._workcell.table_height_m + ABOVE_TABLE_M))
        cloud, may_be_skin = points.of(high), skin.ravel()[high]
        distance, own = distances(cloud, robot)
        strange = np.flatnonzero(~own | (may_be_skin & (distance > ROBOT_SKIN_M)))
        # Most of what is high is the robot's: the rest is little.
        high, cloud, may_be_skin, distance = high[strange], cloud[strange], may_be_skin[strange], distance[strange]
        keep = (may_be_skin | ~self._in_a_bin(cloud)) & ~_belongs_to(cloud, objects)
        left = np.zeros(skin.shape, dtype=np.uint8)
        left.ravel()[high[keep]] = 1
        crowded = cv2.boxFilter(left, cv2.CV_8U, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
        person = np.flatnonzero(keep & (crowded.ravel()[high] >= LEAST_NEIGHBOURS))
        if len(person) == 0:
            return None
        first = person[np.argmin(distance[person])]
        x, y, z = (float(value) for value in cloud[first])
        return NearestPerson(max(float(distance[first]), 0.0), (x, y, z), float(points.pixel_m.ravel()[high[first]]))

    def _in_a_bin(self, cloud: Floats) -> Mask:
        """Which points (n, 3) are in a bin, or its walls."""
        inside = np.zeros(len(cloud), dtype=bool)
        for item in self._workcell.bin:
            half_x, half_y = item.size[0] / 2.0 + BIN_MARGIN_M, item.size[1] / 2.0 + BIN_MARGIN_M
            upper = self._workcell.table_height_m + item.size[2] + BIN_MARGIN_M
            beside = (np.abs(cloud[:, 0] - item.centre[0]) < half_x) & (np.abs(cloud[:, 1] - item.centre[1]) < half_y)
            inside |= beside & (cloud[:, 2] < upper)
        return inside


def _belongs_to(cloud: Floats, objects: Iterable[SceneObject]) -> Mask:
    """Which points (n, 3) are those of known objects."""
    found = np.zeros(len(cloud), dtype=bool)
    for known in objects:
        reach_m = 0.5 * max(known.size_m) * 1.5 + OBJECT_MARGIN_M
        x, y, z = known.position_base
        gap2 = (cloud[:, 0] - x) ** 2 + (cloud[:, 1] - y) ** 2 + (cloud[:, 2] - z) ** 2
        found |= gap2 <= reach_m**2
    return found

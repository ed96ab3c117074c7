"""From one RGB-D frame to the scene: objects with their places, and the distance of the nearest person."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perception.frames import Frame
from perception.memory import FORGET_AFTER_S, ObjectMemory
from perception.person import PersonFinder
from perception.point_image import PointImage, Unprojector
from perception.robot_shape import distances
from perception.scene import Scene, SceneObject
from perception.segmentation import Mask, Region, crop, is_skin, segment, to_hsv
from perception.shape import Measured, measure
from rt_control.robot_file import BIN_FLOOR_M, Bin, RobotDescription

Array = npt.NDArray[np.float64]

LOWEST_M = 0.004  # above the table: below is the table itself
HIGHEST_M = 0.12  # objects stand no higher
LARGEST_M = 0.12  # and are no longer: a sleeve is
LIFTED_M = 0.02  # an object whose lowest visible point is this high does not stand on the table
PERSON_STEP = 2  # each second pixel: a finger covers a few at the table
HIDDEN_SHARE = 0.1  # of the rim: what is hidden more shows its shape no longer
HIDDEN_DOUBT = 0.9  # share of the confidence that is lost when the whole rim is hidden
IN_HAND_M = 0.04  # what is nearer than this to the line between the fingers is held, or about to be


class ScenePipeline:
    """Holds what was seen before; everything else is a function of the frame."""

    def __init__(self, description: RobotDescription, forget_after_s: float = FORGET_AFTER_S) -> None:
        self._workcell = description.workcell
        self._unprojector = Unprojector()
        self._memory = ObjectMemory(forget_after_s)
        self._people = PersonFinder(description.workcell)
        self._sequence = 0

    def update(self, frame: Frame, robot: Array, now_ns: int) -> Scene:
        """The scene after this frame.

        Args:
            frame: of the RGB-D camera.
            robot: its capsules when the frame was measured, see `robot_capsules`, (k, 8).
            now_ns: this moment; an object is never newer.

        Raises:
            ValueError: the frame has no depth.
        """
        points = self._unprojector.points(frame)
        hsv = to_hsv(frame.rgb)
        seen = self._objects(frame, points, hsv, robot, min(frame.stamp_ns, now_ns))
        self._memory.update(seen, frame)
        step = (slice(None, None, PERSON_STEP), slice(None, None, PERSON_STEP))
        person = self._people.distance_m(points.every(PERSON_STEP), is_skin(hsv[step]), robot, self._memory.objects)
        self._sequence += 1
        return Scene(self._sequence, min(frame.stamp_ns, now_ns), self._memory.objects, person, "cascade")

    def _objects(
        self, frame: Frame, points: PointImage, hsv: npt.NDArray[np.uint8], robot: Array, stamp_ns: int
    ) -> list[SceneObject]:
        if frame.depth_m is None:
            return []
        best: dict[str, SceneObject] = {}
        for region in segment(hsv, frame.depth_m, self._candidates(points)):
            cut, mask = crop(points, region)
            if not mask.any() or _in_hand(cut, mask, robot):
                continue
            measured = self._measure(cut, mask)
            if measured is None:
                continue
            x, y, z = (float(value) for value in measured.position_base)
            confidence = _confidence(measured, mask, cut, region)
            name = self._name(region, measured)
            item = SceneObject(name, (x, y, z), measured.yaw_rad, measured.size_m, confidence, stamp_ns)
            if name not in best or confidence > best[name].confidence:
                best[name] = item
        return list(best.values())

    def _name(self, region: Region, measured: Measured) -> str:
        """Colour and shape; an object that is partly hidden has the shape that it was seen to have before."""
        if region.hidden_share > HIDDEN_SHARE:
            known = self._memory.nearest(region.colour, measured.position_base)
            if known is not None:
                return known.name
        return f"{region.colour}_{measured.shape}"

    def _candidates(self, points: PointImage) -> Mask:
        cell = self._workcell
        height = points.z - np.float32(cell.table_height_m)
        inside: Mask = points.valid & (height > LOWEST_M) & (height < HIGHEST_M)
        inside &= (points.x > cell.table_lower[0]) & (points.x < cell.table_upper[0])
        inside &= (points.y > cell.table_lower[1]) & (points.y < cell.table_upper[1])
        return inside

    def _measure(self, points: PointImage, mask: Mask) -> Measured | None:
        x, y, lowest = float(points.x[mask].mean()), float(points.y[mask].mean()), float(points.z[mask].min())
        inside = next((item for item in self._workcell.bin if _contains(item, x, y)), None)
        floor = self._workcell.table_height_m + (BIN_FLOOR_M if inside is not None else 0.0)
        if inside is None and lowest - floor > LIFTED_M:
            return None
        measured = measure(points, mask, floor)
        return None if measured is None or max(measured.size_m) > LARGEST_M else measured


def _in_hand(points: PointImage, mask: Mask, robot: Array) -> bool:
    """Whether a region lies between the fingers, the last of the robot's capsules."""
    centre = points.at(mask).mean(axis=0, keepdims=True)
    distance, _ = distances(centre, robot[-1:])
    return bool(distance[0] < IN_HAND_M)


def _contains(item: Bin, x: float, y: float) -> bool:
    return abs(x - item.centre[0]) < item.size[0] / 2.0 and abs(y - item.centre[1]) < item.size[1] / 2.0


def _confidence(measured: Measured, mask: Mask, points: PointImage, region: Region) -> float:
    """How likely name and place are right: from the fit, and from how much of the object is in view."""
    pixel = float(points.pixel_m[mask].mean())
    expected = 0.7 * measured.size_m[0] * max(measured.size_m[1], measured.size_m[2]) / pixel**2
    visible = min(1.0, float(np.count_nonzero(mask)) / max(expected, 1.0))
    confidence = (0.5 + 0.49 * measured.quality) * visible
    return confidence * max(1.0 - HIDDEN_DOUBT * region.hidden_share, 0.0)

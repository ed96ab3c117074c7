"""Labelled images of a table whose looks change, for training and measuring models.

Labels come from the renderer's own segmentation, never from a person.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rt_control.description import RobotDescription
from sim.random_table import PERSON, SEEN, Array, Randomisation, RandomTable

VIEWS_PER_GROUP = 4


@dataclass(frozen=True, slots=True)
class LabelledObject:
    """One object of one view, whether it is seen or not.

    Attributes:
        slot: 1..8, its value in the view's `instance`.
        label: one of `LABELS`.
        identity: the same number in every view of the group, another for every other object.
        size_m: (3,) extents along its own axes.
        pose_base_from_object: 4x4, of its centre.
        visible_px: pixels that show it.
        hidden_share: 0..1 of its outline that other things or the image's edge hide.
    """

    slot: int
    label: str
    identity: int
    size_m: Array
    pose_base_from_object: Array
    visible_px: int
    hidden_share: float


@dataclass(frozen=True, slots=True)
class View:
    """One image and what it shows.

    Attributes:
        rgb: (240, 320, 3) uint8.
        depth_m: (240, 320), 0 where nothing is.
        instance: (240, 320) uint8: 0 for scenery and robot, 1..8 an object's slot, 9 a person.
        objects: all that there are.
        focal_px: of a pinhole whose axis meets the middle of the image.
        pose_base_from_camera: 4x4; camera axes: x right, y down, z forward.
        group: views of one group show the same objects.
    """

    rgb: npt.NDArray[np.uint8]
    depth_m: npt.NDArray[np.float32]
    instance: npt.NDArray[np.uint8]
    objects: tuple[LabelledObject, ...]
    focal_px: float
    pose_base_from_camera: Array
    group: int


class TrainingWorld:
    """Groups of views of tables that are drawn anew."""

    def __init__(self, description: RobotDescription, seed: int, looks: Randomisation = SEEN) -> None:
        """Load the world and make a GL context; arguments and errors as `RandomTable`."""
        self._table = RandomTable(description, seed, looks)
        self._groups = 0

    def close(self) -> None:
        """Free the GL context."""
        self._table.close()

    def group(self) -> list[View]:
        """Views of one table with the same objects, at other places, in other light, from elsewhere."""
        self._groups += 1
        self._table.new_looks()
        return [self._view() for _ in range(VIEWS_PER_GROUP)]

    def _view(self) -> View:
        table = self._table
        table.place_arm()
        poses = table.place_things()
        table.place_person()
        table.light()
        table.place_camera()
        rgb, depth = table.image(depth=True)
        assert depth is not None
        instance = table.instance()
        focal, pose = table.focal_px(), table.pose_base_from_camera()
        counts = np.bincount(instance.ravel(), minlength=PERSON + 1)
        objects = []
        for slot, (thing, placed) in enumerate(zip(table.things, poses, strict=True), start=1):
            whole = outline_area(thing.label, thing.size_m, placed, pose, focal)
            hidden = 1.0 - min(1.0, counts[slot] / max(whole, 1.0))
            objects.append(
                LabelledObject(slot, thing.label, thing.identity, thing.size_m, placed, int(counts[slot]), hidden)
            )
        return View(rgb, depth, instance, tuple(objects), focal, pose, self._groups)


def outline_area(label: str, size_m: Array, pose: Array, pose_base_from_camera: Array, focal_px: float) -> float:
    """Pixels that an object covers where nothing hides it: the hull of points of its surface.

    Args:
        label: one of `LABELS`.
        size_m: (3,).
        pose: base from object, 4x4.
        pose_base_from_camera: 4x4.
        focal_px: of the camera.
    """
    import cv2

    points = surface_points(label) * size_m @ pose[:3, :3].T + pose[:3, 3]
    seen = (points - pose_base_from_camera[:3, 3]) @ pose_base_from_camera[:3, :3]
    if (seen[:, 2] < 0.05).any():
        return 0.0
    pixels = (focal_px * seen[:, :2] / seen[:, 2:]).astype(np.float32)
    return float(cv2.contourArea(cv2.convexHull(pixels)))


def surface_points(label: str) -> Array:
    """Points of the surface of a thing of size 1, (n, 3)."""
    if label in ("cube", "box"):
        return np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    angles = np.linspace(0.0, 2.0 * math.pi, 16, endpoint=False)
    if label == "cylinder":
        return np.array([[math.cos(a) / 2.0, math.sin(a) / 2.0, z] for a in angles for z in (-0.5, 0.5)])
    rings = np.linspace(-math.pi / 2.0, math.pi / 2.0, 9)
    return 0.5 * np.array(
        [[math.cos(r) * math.cos(a), math.cos(r) * math.sin(a), math.sin(r)] for r in rings for a in angles]
    )

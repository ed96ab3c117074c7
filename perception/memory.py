"""Objects that were seen: kept until their place is seen empty, or they are too old."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from perception.frames import Frame
from perception.scene import SceneObject

FORGET_AFTER_S = 120.0
PROBE_HEIGHT = 0.4  # of an object's height above its centre: where its place is looked through
BEYOND_HEIGHT = 0.5  # a return farther behind than this share of its height shows that the place is empty
WORSE = 0.15  # in confidence, before a sight counts as worse than an earlier one
PROBES_M = (-0.008, 0.0, 0.008)  # offsets across the object that must all be seen through


class ObjectMemory:
    """The last sight of each object."""

    def __init__(self, forget_after_s: float = FORGET_AFTER_S) -> None:
        self._forget_after_ns = round(forget_after_s * 1e9)
        self._objects: dict[str, SceneObject] = {}

    @property
    def objects(self) -> tuple[SceneObject, ...]:
        """Everything remembered, sorted by name."""
        return tuple(self._objects[name] for name in sorted(self._objects))

    def nearest(self, colour: str, position_base: npt.NDArray[np.float64]) -> SceneObject | None:
        """The remembered object of that colour that is nearest to a point (3,)."""
        same = [item for item in self._objects.values() if item.name.startswith(f"{colour}_")]
        return min(same, key=lambda item: math.dist(item.position_base, position_base), default=None)

    def update(self, seen: list[SceneObject], frame: Frame) -> None:
        """Take what one frame shows.

        Args:
            seen: objects in it. Where one is seen worse than before at the same place, its old measures stay.
            frame: with depth.
        """
        fresh = {item.name: item for item in seen}
        for name, item in fresh.items():
            known = self._objects.get(name)
            if known is not None and _same_place(known, item) and item.confidence < known.confidence - WORSE:
                item = msgspec.structs.replace(known, measured_ns=item.measured_ns)
            self._objects[name] = item
        for name, item in list(self._objects.items()):
            if name not in fresh and self._is_gone(item, frame, seen):
                del self._objects[name]

    def _is_gone(self, item: SceneObject, frame: Frame, seen: list[SceneObject]) -> bool:
        too_old = frame.stamp_ns - item.measured_ns > self._forget_after_ns
        return too_old or _sees_through(item, frame) or any(_same_place(item, other) for other in seen)


def _same_place(one: SceneObject, other: SceneObject) -> bool:
    return math.dist(one.position_base, other.position_base) < max(_reach(one), _reach(other))


def _reach(item: SceneObject) -> float:
    return 0.5 * max(item.size_m)


def _sees_through(item: SceneObject, frame: Frame) -> bool:
    """Whether the camera looks at what is behind the object's place."""
    if frame.depth_m is None:
        return False
    upper = np.array(item.position_base) + (0.0, 0.0, PROBE_HEIGHT * item.size_m[2])
    probes: npt.NDArray[np.float64] = np.array([upper + (dx, dy, 0.0) for dx in PROBES_M for dy in PROBES_M])
    pixels = frame.project(probes)
    columns, rows = np.rint(pixels[:, 0]).astype(int), np.rint(pixels[:, 1]).astype(int)
    height, width = frame.depth_m.shape
    if (columns < 0).any() or (rows < 0).any() or (columns >= width).any() or (rows >= height).any():
        return False
    measured = frame.depth_m[rows, columns]
    return bool((measured > pixels[:, 2] + BEYOND_HEIGHT * item.size_m[2]).all())

"""From which side an object is grasped."""

from __future__ import annotations

import math

import numpy as np

from perception.scene import Scene, SceneObject

FINGER_M = 0.012  # thickness of a finger, and the room left on each side of an object
FINGER_GAP_M = 0.006  # least distance between a finger and a neighbour of the object
SQUARE_M = 0.004  # sides that differ by less are taken as equal
PRESSES_M = 0.002  # fingers press on something that keeps them this far from where they are told to be
EMPTY_M = 0.004  # fingers that are no farther apart hold nothing
ROUND = ("cylinder", "ball")
ROUND_YAWS = 8


def grasp_yaws(item: SceneObject, scene: Scene, max_object_m: float) -> list[float]:
    """Yaws (rad) of the TCP's x axis, with the fingers closing across it, in which the object can be grasped.

    Those in which the fingers clear the object's neighbours; if there is none, the one that clears them best; empty
    if the object is too wide.
    """
    length, width = item.size_m[0], item.size_m[1]
    if width > max_object_m:
        return []
    if item.name.endswith(ROUND):
        yaws = [math.pi * step / ROUND_YAWS for step in range(ROUND_YAWS)]
    elif length - width < SQUARE_M:
        yaws = [item.yaw_rad, item.yaw_rad + math.pi / 2.0]
    else:
        yaws = [item.yaw_rad]
    neighbours = [
        (other.position_base[:2], math.hypot(*other.size_m[:2]) / 2.0)
        for other in scene.objects
        if other.name != item.name
    ]
    centre = np.array(item.position_base[:2])
    reach = width / 2.0 + 2.0 * FINGER_M  # centre of the object to centre of an open finger

    def gap(yaw: float) -> float:
        closing = np.array([math.sin(yaw), -math.cos(yaw)])
        fingers = (centre + reach * closing, centre - reach * closing)
        gaps = (math.dist(finger, place) - radius - FINGER_M for finger in fingers for place, radius in neighbours)
        return min(gaps, default=math.inf)

    clear = [yaw for yaw in yaws if gap(yaw) >= FINGER_GAP_M]
    return clear or [max(yaws, key=gap)]

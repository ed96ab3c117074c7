from __future__ import annotations

import numpy as np

from perception.frames import Frame
from perception.memory import ObjectMemory
from perception.scene import SceneObject

# A camera one metre above the origin that looks straight down.
POSE = np.array([[0.0, -1.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0, 1.0], [0.0, 0.0, 0.0, 1.0]])


def frame(depth_m: float, stamp_ns: int) -> Frame:
    depth = np.full((40, 40), depth_m, dtype=np.float32)
    return Frame("rgbd", 1, stamp_ns, np.zeros((40, 40, 3), np.uint8), depth, 40.0, 40.0, 19.5, 19.5, POSE.copy())


def cube(stamp_ns: int, x: float = 0.0, confidence: float = 0.9, name: str = "red_cube") -> SceneObject:
    return SceneObject(name, (x, 0.0, 0.02), 0.0, (0.04, 0.04, 0.04), confidence, stamp_ns)


def test_what_is_seen_is_known() -> None:
    memory = ObjectMemory()
    memory.update([cube(1)], frame(0.96, 1))
    assert memory.objects == (cube(1),)


def test_what_something_covers_is_remembered() -> None:
    memory = ObjectMemory()
    memory.update([cube(1)], frame(0.96, 1))
    memory.update([], frame(0.5, 2))
    assert memory.objects == (cube(1),)


def test_a_place_that_is_seen_empty_is_forgotten() -> None:
    memory = ObjectMemory()
    memory.update([cube(1)], frame(0.96, 1))
    memory.update([], frame(1.0, 2))
    assert memory.objects == ()


def test_what_is_too_old_is_forgotten() -> None:
    memory = ObjectMemory(forget_after_s=1.0)
    memory.update([cube(1)], frame(0.96, 1))
    memory.update([], frame(0.5, 2_000_000_000))
    assert memory.objects == ()


def test_a_worse_look_keeps_the_place_of_a_better_one_and_counts_as_a_look() -> None:
    memory = ObjectMemory()
    memory.update([cube(1)], frame(0.96, 1))
    memory.update([cube(2, x=0.01, confidence=0.5)], frame(0.96, 2))
    assert memory.objects == (cube(2),)


def test_a_better_look_replaces_a_worse_one() -> None:
    memory = ObjectMemory()
    memory.update([cube(1, confidence=0.2)], frame(0.96, 1))
    memory.update([cube(2, x=0.01, confidence=0.5)], frame(0.96, 2))
    assert memory.objects == (cube(2, x=0.01, confidence=0.5),)


def test_a_worse_look_at_another_place_counts() -> None:
    memory = ObjectMemory()
    memory.update([cube(1)], frame(0.96, 1))
    memory.update([cube(2, x=0.1, confidence=0.5)], frame(0.96, 2))
    assert memory.objects == (cube(2, x=0.1, confidence=0.5),)


def test_two_things_are_not_in_one_place() -> None:
    memory = ObjectMemory()
    memory.update([cube(1)], frame(0.96, 1))
    memory.update([cube(2, name="red_box")], frame(0.96, 2))
    assert memory.objects == (cube(2, name="red_box"),)


def test_the_nearest_of_a_colour_is_found() -> None:
    memory = ObjectMemory()
    memory.update([cube(1), cube(1, x=0.2, name="red_box"), cube(1, x=0.1, name="blue_box")], frame(0.96, 1))
    assert memory.nearest("red", np.array([0.12, 0.0, 0.0])) == cube(1, x=0.2, name="red_box")
    assert memory.nearest("green", np.zeros(3)) is None

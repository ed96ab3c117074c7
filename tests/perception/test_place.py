from __future__ import annotations

import numpy as np
import pytest

from perception.frames import Frame
from perception.observation import Observation
from perception.place import place_at, place_in
from perception.track_life import Place
from perception.tracker import Tracker

# A camera one metre above the origin that looks straight down on a table at z = 0.
POSE = np.array([[0.0, -1.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0, 1.0], [0.0, 0.0, 0.0, 1.0]])
CUBE = (0.0, 0.0, 0.02)


def frame(depth_m: float | None) -> Frame:
    depth = None if depth_m is None else np.full((40, 40), depth_m, dtype=np.float32)
    return Frame("rgbd", 1, 1, np.zeros((40, 40, 3), np.uint8), depth, 40.0, 40.0, 19.5, 19.5, POSE.copy())


@pytest.mark.parametrize(
    ("depth_m", "expected"),
    [
        (1.0, Place.EMPTY),  # the table
        (0.96, Place.UNKNOWN),  # the cube itself, that the detector missed
        (0.5, Place.HIDDEN),  # the arm
        (0.0, Place.UNKNOWN),  # no return
        (None, Place.UNKNOWN),
    ],
)
def test_depth_tells_what_is_at_a_place(depth_m: float | None, expected: Place) -> None:
    assert place_at(CUBE, 0.04, frame(depth_m)) is expected


def test_a_place_that_is_partly_covered_is_hidden() -> None:
    seen = frame(1.0)
    assert seen.depth_m is not None
    depth = seen.depth_m.copy()
    depth[:20] = 0.5
    half = Frame("rgbd", 1, 1, seen.rgb, depth, 40.0, 40.0, 19.5, 19.5, POSE.copy())
    assert place_at(CUBE, 0.04, half) is Place.HIDDEN


@pytest.mark.parametrize("position", [(0.6, 0.0, 0.02), (0.0, -0.6, 0.02), (0.0, 0.0, 1.5)])
def test_what_is_out_of_view_is_unknown(position: tuple[float, float, float]) -> None:
    assert place_at(position, 0.04, frame(1.0)) is Place.UNKNOWN


def test_a_track_is_as_high_as_twice_its_centre_is_above_the_table() -> None:
    tracker = Tracker()
    (placed,) = tracker.update([Observation((15.0, 15.0, 25.0, 25.0), 0.9, "cube", 0.9, CUBE, 0.002)], 1)
    (unplaced,) = Tracker().update([Observation((15.0, 15.0, 25.0, 25.0), 0.9, "cube", 0.9)], 1)
    assert place_in(frame(1.0), table_height_m=0.0)(placed) is Place.EMPTY
    assert place_in(frame(0.96), table_height_m=0.0)(placed) is Place.UNKNOWN
    assert place_in(frame(1.0), table_height_m=0.0)(unplaced) is Place.UNKNOWN

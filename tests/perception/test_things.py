from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from perception.object_geometry import Placed
from perception.shape import Measured
from perception.things import Things
from perception.track_life import TrackState
from perception.tracks import Track

BOX = (100.0, 100.0, 112.0, 112.0)
TRACK = Track(
    id=7,
    state=TrackState.CONFIRMED,
    box=BOX,
    predicted_box=BOX,
    label="cube",
    label_probability=0.9,
    score=0.9,
    position_base=(0.5, 0.1, 0.03),
    position_std_m=0.002,
    velocity_mps=(0.0, 0.0, 0.0),
    velocity_std_mps=0.01,
    occluded=0.0,
    age_s=1.0,
    hits=30,
    missed=0,
    looks=1,
    first_seen_ns=0,
    last_seen_ns=900,
    embedding=None,
)


def placed(x: float = 0.5, certainty: float = 0.9) -> Placed:
    return Placed(Measured("cube", np.array([x, 0.1, 0.02]), 0.2, (0.04, 0.04, 0.04), 0.9), certainty, 0.0)


def test_a_measured_thing_is_told_with_its_name_place_and_the_stamp_of_its_last_sight() -> None:
    things = Things()
    things.measured(TRACK, "red", placed(), 500, close=True)
    (item,) = things.objects([TRACK])
    assert item.name == "red_cube"
    assert item.position_base == pytest.approx((0.5, 0.1, 0.02))
    assert item.confidence == pytest.approx(0.81)
    assert item.measured_ns == 900
    assert item.track == 7


def test_nothing_is_told_of_what_was_not_measured_of_people_and_of_what_is_not_believed() -> None:
    things = Things()
    assert things.objects([TRACK]) == ()
    things.measured(TRACK, "red", placed(), 500, close=True)
    assert things.objects([replace(TRACK, label="person")]) == ()
    assert things.objects([replace(TRACK, state=TrackState.TENTATIVE)]) == ()


def test_a_hidden_thing_keeps_the_stamp_of_its_measurement() -> None:
    things = Things()
    things.measured(TRACK, "red", placed(), 500, close=True)
    (item,) = things.objects([replace(TRACK, state=TrackState.OCCLUDED)])
    assert item.measured_ns == 500


def test_a_rough_measurement_does_not_replace_a_close_one_until_the_thing_moves() -> None:
    things = Things()
    things.measured(TRACK, "red", placed(0.5), 500, close=True)
    things.measured(TRACK, "blue", placed(0.6), 600, close=False)
    assert things.objects([TRACK])[0].position_base[0] == pytest.approx(0.5)
    things.release(TRACK.id)
    things.measured(TRACK, "red", placed(0.6), 700, close=False)
    assert things.objects([TRACK])[0].position_base[0] == pytest.approx(0.6)


def test_a_worse_sight_of_the_same_kind_does_not_replace_a_better_one() -> None:
    things = Things()
    things.measured(TRACK, "red", placed(0.5, 0.9), 500, close=True)
    things.measured(TRACK, "red", placed(0.52, 0.3), 600, close=True)
    assert things.objects([TRACK])[0].position_base[0] == pytest.approx(0.5)


def test_between_two_measurements_a_thing_is_where_its_track_has_moved_to() -> None:
    things = Things()
    things.measured(TRACK, "red", placed(0.5), 500, close=True)
    moved = replace(TRACK, position_base=(0.53, 0.1, 0.03))
    assert things.objects([moved])[0].position_base[0] == pytest.approx(0.53)
    noise = replace(TRACK, position_base=(0.503, 0.1, 0.03))
    assert things.objects([noise])[0].position_base[0] == pytest.approx(0.5)
    lower = replace(TRACK, position_base=(0.53, 0.1, 0.005))  # only its side is seen: that says nothing of its way
    assert things.objects([lower])[0].position_base[0] == pytest.approx(0.5)


def test_the_older_of_two_of_one_name_keeps_it() -> None:
    things = Things()
    younger = replace(TRACK, id=9)
    for track, x in ((younger, 0.6), (TRACK, 0.5)):
        things.measured(track, "red", placed(x), 500, close=True)
    assert {item.name: item.track for item in things.objects([younger, TRACK])} == {"red_cube": 7, "red_cube_2": 9}


def test_what_is_gone_is_forgotten() -> None:
    things = Things()
    things.measured(TRACK, "red", placed(), 500, close=True)
    things.keep([8])
    assert things.placed(TRACK.id) is None

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from sim.thing_stories import LetFall, MovedByHand, Rolling, Visit

Array = npt.NDArray[np.float64]

VISIT = Visit(
    np.array([1.0, 2.0, 2.5, 3.0, 3.5, 4.5]),
    np.array([[1.5, 0.0, 0.5], [0.5, 0.0, 0.1], [0.5, 0.0, 0.1], [0.4, 0.1, 0.1], [0.4, 0.1, 0.1], [1.4, 0.1, 0.5]]),
    np.eye(3),
)


def at(x: float, y: float, z: float) -> Array:
    pose = np.eye(4)
    pose[:3, 3] = x, y, z
    return pose


def where(story: MovedByHand | LetFall | Rolling, time_s: float, tcp: Array | None = None) -> Array:
    pose = story.pose(time_s, np.eye(4) if tcp is None else tcp)
    assert pose is not None
    return pose


def test_nobody_is_there_before_and_after_a_visit() -> None:
    assert VISIT.hand(0.99) is None and VISIT.hand(4.51) is None
    assert VISIT.hand(1.0) is not None and VISIT.hand(4.5) is not None


@given(st.floats(0.0, 6.0))
def test_what_is_pushed_moves_with_the_hand_and_only_then(time_s: float) -> None:
    before, after = at(0.5, 0.0, 0.02), at(0.4, 0.1, 0.02)
    story = MovedByHand("pushed", before, after, VISIT, 2.5, 3.0)
    pose = where(story, time_s)
    if time_s < 2.5:
        assert np.array_equal(pose, before)
    elif time_s >= 3.0:
        assert np.array_equal(pose, after)
    else:
        hand = VISIT.hand(time_s)
        assert hand is not None and np.allclose(pose[:3, 3] - before[:3, 3], hand[:3, 3] - VISIT.points[1])
    assert story.is_free(time_s) == (not 2.5 <= time_s < 3.0)


def test_what_is_brought_comes_with_the_hand_and_stays() -> None:
    story = MovedByHand("brought", None, at(0.5, 0.0, 0.02), VISIT, 1.0, 2.5)
    assert story.pose(0.9, np.eye(4)) is None
    assert np.allclose(where(story, 1.0)[:3, 3], [1.5, 0.0, 0.42])
    assert np.array_equal(where(story, 9.0), at(0.5, 0.0, 0.02)) and story.settled_s == 2.5


def test_what_is_taken_away_is_gone_and_lies_nowhere_anew() -> None:
    story = MovedByHand("taken", at(0.4, 0.1, 0.02), None, VISIT, 3.5, 4.5)
    assert story.pose(4.6, np.eye(4)) is None and story.settled_s is None


def test_what_the_arm_lets_go_falls_from_where_it_was_held() -> None:
    tcp = at(0.5, 0.1, 0.3)
    story = LetFall(np.eye(4), 2.0, 0.28, at(0.5, 0.1, 0.02))
    assert np.allclose(where(story, 1.9, tcp), tcp) and np.allclose(where(story, 2.0, tcp)[2, 3], 0.3)
    assert np.array_equal(where(story, story.settled_s + 0.01), story.after)
    assert math.isclose(story.settled_s, 2.0 + math.sqrt(2.0 * 0.28 / 9.81))


@given(st.floats(0.0, 10.0), st.floats(0.3, 1.5), st.floats(-3.0, 3.0))
def test_a_ball_slows_down_from_its_first_speed_and_stands_where_it_stopped(
    time_s: float, speed: float, angle: float
) -> None:
    velocity = speed * np.array([math.cos(angle), math.sin(angle)])
    story = Rolling(at(0.4, 0.0, 0.02), 1.0, velocity, 0.8)
    way = float(np.hypot(*(where(story, time_s)[:2, 3] - [0.4, 0.0])))
    end = float(np.hypot(*(where(story, 99.0)[:2, 3] - [0.4, 0.0])))
    assert math.isclose(end, speed**2 / 1.6, rel_tol=1e-9)
    assert way <= end + 1e-9 and way <= speed * max(time_s - 1.0, 0.0) + 1e-9

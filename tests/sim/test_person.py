from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rt_control.errors import InputError
from sim.person import PARKED, Keyframe, PersonPath


def test_a_person_without_keyframes_is_away() -> None:
    np.testing.assert_array_equal(PersonPath().pose(3.0)[0], PARKED)


def test_a_person_is_away_before_and_after_the_path() -> None:
    path = PersonPath.reach_in(2.0, (0.5, 0.1, 0.2), dwell_s=1.0)
    np.testing.assert_array_equal(path.pose(1.99)[0], PARKED)
    np.testing.assert_array_equal(path.pose(path.keyframes[-1].time_s + 0.01)[0], PARKED)


def test_a_hand_that_reaches_in_stays_at_its_target() -> None:
    path = PersonPath.reach_in(2.0, (0.5, 0.1, 0.2), dwell_s=1.0)
    arrival = path.keyframes[1].time_s
    for time_s in (arrival, arrival + 0.5, arrival + 1.0):
        np.testing.assert_allclose(path.pose(time_s)[0], [0.5, 0.1, 0.2])


@given(st.floats(min_value=0.0, max_value=8.0))
def test_the_hand_moves_without_jumps_and_its_turn_is_a_unit_quaternion(time_s: float) -> None:
    path = PersonPath(
        (Keyframe(0.0, (1.5, 0.0, 0.3), 0.0), Keyframe(4.0, (0.5, 0.4, 0.3), 2.0), Keyframe(9.0, (1.5, 0, 1)))
    )
    here, turn = path.pose(time_s)
    there, _ = path.pose(time_s + 1e-4)
    assert np.linalg.norm(there - here) < 1e-4
    assert np.linalg.norm(turn) == pytest.approx(1.0)


def test_a_path_survives_its_json() -> None:
    path = PersonPath.reach_in(2.0, (0.5, 0.1, 0.2))
    assert PersonPath.from_json(path.to_json()) == path


@pytest.mark.parametrize("text", ["", "{}", "[[1,2,3]]", '[["a",0,0,0,0]]'])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"is not a path .* give \[\[time_s, x, y, z, yaw_rad\], ...\]"):
        PersonPath.from_json(text)


def test_keyframes_out_of_order_are_refused() -> None:
    with pytest.raises(InputError, match="do not rise; order them by time"):
        PersonPath((Keyframe(1.0, (0, 0, 0)), Keyframe(1.0, (0, 0, 1))))

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from robot_runtime.evaluation.identity_count import IdentityCount

Box = npt.NDArray[np.float64]


def box(x: float) -> Box:
    return np.array([x, 10.0, x + 20.0, 30.0])


def test_tracks_that_keep_to_their_things_are_neither_switched_nor_broken() -> None:
    count = IdentityCount()
    for step in range(5):
        pairs = count.see({1: box(10.0 + step), 2: box(90.0)}, {7: box(11.0 + step), 8: box(90.0)})
        assert pairs == {1: 7, 2: 8}
    assert (count.switches, count.fragments, count.present, count.followed) == (0, 0, 10, 10)


def test_two_tracks_that_change_places_are_two_switches() -> None:
    count = IdentityCount()
    count.see({1: box(10.0), 2: box(90.0)}, {7: box(10.0), 8: box(90.0)})
    count.see({1: box(10.0), 2: box(90.0)}, {8: box(10.0), 7: box(90.0)})
    assert count.switches == 2


def test_a_pair_stays_a_pair_while_it_overlaps_even_if_another_track_overlaps_more() -> None:
    count = IdentityCount()
    count.see({1: box(10.0)}, {7: box(12.0)})
    assert count.see({1: box(10.0)}, {7: box(14.0), 8: box(10.0)}) == {1: 7}
    assert count.switches == 0


def test_a_thing_that_was_hidden_and_comes_back_as_another_is_a_switch_and_no_fragment() -> None:
    count = IdentityCount()
    count.see({1: box(10.0)}, {7: box(10.0)})
    count.see({}, {})
    count.see({1: box(10.0)}, {9: box(10.0)})
    assert (count.switches, count.fragments) == (1, 0)


def test_a_thing_in_view_that_is_lost_for_a_while_is_a_fragment_and_no_switch() -> None:
    count = IdentityCount()
    count.see({1: box(10.0)}, {7: box(10.0)})
    count.see({1: box(10.0)}, {7: box(200.0)})
    count.see({1: box(10.0)}, {})
    count.see({1: box(10.0)}, {7: box(10.0)})
    assert (count.switches, count.fragments, count.followed) == (0, 1, 2)


def test_a_track_that_overlaps_by_less_than_a_half_follows_nothing() -> None:
    count = IdentityCount()
    assert count.see({1: box(10.0)}, {7: box(18.0)}) == {}
    assert count.fragments == 0

from __future__ import annotations

from policies.target_filter import LOOKS, TargetFilter
from tests.policies.robot_player import cube

FAR, NEAR = (0.2, -0.2), (0.5, 0.12)
MS = 1_000_000


def test_an_object_that_is_seen_freely_is_followed_at_once() -> None:
    seen = TargetFilter(cube())
    moved = cube(x=0.54, stamp_ns=33 * MS)
    assert seen.see(moved, FAR) is moved


def test_a_small_shift_under_the_hand_is_not_believed() -> None:
    first = cube()
    seen = TargetFilter(first)
    for number in range(1, 10):
        assert seen.see(cube(x=0.508, stamp_ns=number * 33 * MS), NEAR) is first


def test_a_clear_move_under_the_hand_is_believed_once_looks_agree() -> None:
    first = cube()
    seen = TargetFilter(first)
    answers = [seen.see(cube(x=0.54, stamp_ns=number * 33 * MS), NEAR) for number in range(1, LOOKS + 1)]
    assert [item.position_base[0] for item in answers] == [0.5] * (LOOKS - 1) + [0.54]


def test_looks_that_disagree_begin_anew() -> None:
    seen = TargetFilter(cube())
    places = [0.54, 0.54, 0.58, 0.54, 0.54]
    answers = [seen.see(cube(x=x, stamp_ns=n * 33 * MS), NEAR) for n, x in enumerate(places, start=1)]
    assert {item.position_base[0] for item in answers} == {0.5}


def test_the_same_look_told_twice_counts_once() -> None:
    seen = TargetFilter(cube())
    again = cube(x=0.54, stamp_ns=33 * MS)
    assert {seen.see(again, NEAR).position_base[0] for _ in range(10)} == {0.5}

from __future__ import annotations

from typing import Any

import pytest
from py_trees.common import Status

from behaviours.blackboard import Key
from behaviours.ports import Constant
from behaviours.scene_questions import Holding, LocateObject, ObjectInBin
from tests.behaviours.scripted_skills import CLOSED, GRIPPING, OPEN, LeafBench

CUBE = {"object": Constant("cube")}


def in_bin(bench: LeafBench) -> ObjectInBin:
    return ObjectInBin("ObjectInBin", bench.context, {**CUBE, "bin": Constant("left_bin")})


def test_an_object_that_is_seen_now_is_located_and_its_place_is_told() -> None:
    bench = LeafBench()
    place: Key[Any] = Key("/mission/data/0/place", None, "")
    bench.board.declare(place)
    leaf = LocateObject("Locate", bench.context, {**CUBE, "position": bench.board.writer(place, "Locate")})
    bench.now(10.0)
    bench.sees("cube", (0.5, 0.1, 0.02), at_s=9.9)
    leaf.tick_once()
    assert leaf.status is Status.SUCCESS
    assert bench.board.reader(place, "test").get() == (0.5, 0.1, 0.02)


@pytest.mark.parametrize(("at_s", "confidence"), [(9.0, 0.9), (9.9, 0.3)])
def test_an_old_or_uncertain_look_does_not_count_but_a_new_one_is_waited_for(at_s: float, confidence: float) -> None:
    bench = LeafBench()
    leaf = LocateObject("Locate", bench.context, CUBE)
    bench.now(10.0)
    bench.sees("cube", (0.5, 0.1, 0.02), at_s, confidence)
    leaf.tick_once()
    assert (leaf.status, leaf.feedback_message) == (Status.RUNNING, "looks for cube")
    bench.now(10.5)
    bench.sees("cube", (0.5, 0.1, 0.02), at_s=10.5)
    leaf.tick_once()
    assert leaf.status is Status.SUCCESS


def test_a_look_that_does_not_come_in_time_is_a_failure_that_says_what_was_seen_last() -> None:
    bench = LeafBench()
    leaf = LocateObject("Locate", bench.context, CUBE)
    bench.now(10.0)
    leaf.tick_once()
    assert leaf.status is Status.RUNNING
    bench.now(11.0)
    leaf.tick_once()
    assert (leaf.status, leaf.feedback_message) == (Status.FAILURE, "cube has not been seen")
    bench.sees("cube", (0.5, 0.1, 0.02), at_s=8.0, confidence=0.75)
    leaf.tick_once()
    bench.now(12.5)
    leaf.tick_once()
    assert leaf.feedback_message == ("cube was last seen 4.5 s ago (allowed 0.5 s) with confidence 0.75 (needed 0.5)")


@pytest.mark.parametrize(
    ("position", "status", "words"),
    [
        ((0.45, 0.35, 0.03), Status.SUCCESS, ""),
        ((0.45, 0.0, 0.03), Status.FAILURE, "cube is at (0.450, 0.000, 0.030) m, not in left_bin"),
        ((0.45, 0.35, 0.30), Status.FAILURE, "cube is at (0.450, 0.350, 0.300) m, not in left_bin"),
    ],
)
def test_whether_an_object_is_in_a_bin_is_asked_of_the_scene(
    position: tuple[float, float, float], status: Status, words: str
) -> None:
    bench = LeafBench()
    bench.now(10.0)
    bench.sees("cube", position, at_s=10.0)
    leaf = in_bin(bench)
    leaf.tick_once()
    assert (leaf.status, leaf.feedback_message) == (status, words)


def test_an_object_that_the_hand_may_still_hold_over_the_bin_is_not_in_it() -> None:
    bench = LeafBench()
    bench.tcp((0.45, 0.35, 0.10))
    bench.now(10.0)
    bench.sees("cube", (0.45, 0.35, 0.08), at_s=10.0)
    leaf = in_bin(bench)
    leaf.tick_once()
    assert (leaf.status, leaf.feedback_message) == (Status.FAILURE, "cube is at the hand")
    bench.tcp((0.45, 0.35, 0.40))
    leaf.tick_once()
    assert leaf.status is Status.SUCCESS


@pytest.mark.parametrize(
    ("held", "opening", "status", "words"),
    [
        ("cube", GRIPPING, Status.SUCCESS, ""),
        ("ball", GRIPPING, Status.FAILURE, "holds ball"),
        ("", GRIPPING, Status.FAILURE, "holds nothing"),
        ("cube", OPEN, Status.FAILURE, "the gripper is empty"),
        ("cube", CLOSED, Status.FAILURE, "the gripper is empty"),
    ],
)
def test_holding_needs_both_the_belief_and_the_gripper(held: str, opening: float, status: Status, words: str) -> None:
    bench = LeafBench()
    bench.context.held.set(held)
    bench.gripper(opening)
    leaf = Holding("Holding", bench.context, CUBE)
    leaf.tick_once()
    assert (leaf.status, leaf.feedback_message) == (status, words)


def test_questions_may_be_asked_again() -> None:
    assert LocateObject.asks_only
    assert ObjectInBin.asks_only
    assert Holding.asks_only

from __future__ import annotations

import pytest
from py_trees.common import Status

from behaviours.ports import Constant
from behaviours.profile import BLIND, CPU_ONLY, GPU_OVERLOADED, Profile
from behaviours.skill_port import SkillProgress
from behaviours.skills import MoveTo, Pick, Place
from policies import skill
from tests.behaviours.scripted_skills import CLOSED, GRIPPING, OPEN, LeafBench


def pick(bench: LeafBench) -> Pick:
    return Pick("Pick cube", bench.context, {"object": Constant("cube")})


def place(bench: LeafBench) -> Place:
    return Place("Place", bench.context, {"bin": Constant("left_bin")})


def test_a_skill_is_started_once_and_then_read() -> None:
    bench = LeafBench()
    leaf = MoveTo("MoveTo", bench.context, {"pose": Constant("home"), "timeout_s": Constant(7.0)})
    for _ in range(3):
        leaf.tick_once()
        assert (leaf.status, leaf.feedback_message) == (Status.RUNNING, "moves")
    assert bench.skills.started == [(skill.MoveTo("home"), 7.0, 1.0, False)]
    bench.skills.answer = SkillProgress("succeeded")
    leaf.tick_once()
    assert leaf.status is Status.SUCCESS
    assert bench.skills.cancelled == []


def test_a_skill_of_high_value_says_so() -> None:
    bench = LeafBench()
    MoveTo("MoveTo", bench.context, {"pose": Constant("home"), "high_value": Constant(True)}).tick_once()
    assert bench.skills.started[0][3] is True


def test_a_failed_skill_fails_the_leaf_with_its_reason() -> None:
    bench = LeafBench()
    leaf = pick(bench)
    bench.skills.answer = SkillProgress("failed", "descend", "no grasp is reachable")
    leaf.tick_once()
    assert (leaf.status, leaf.feedback_message) == (Status.FAILURE, "no grasp is reachable")


def test_the_profile_limits_the_speed() -> None:
    bench = LeafBench()
    bench.profile.set(GPU_OVERLOADED)
    pick(bench).tick_once()
    assert bench.skills.started[0][2] == GPU_OVERLOADED.speed_scale


@pytest.mark.parametrize("profile", [BLIND, CPU_ONLY])
def test_where_the_profile_forbids_the_policy_nothing_is_started(profile: Profile) -> None:
    bench = LeafBench()
    bench.profile.set(profile)
    leaf = pick(bench)
    leaf.tick_once()
    assert leaf.status is Status.RUNNING
    assert leaf.feedback_message == f"needs a learned policy; the mode allows {profile.policy}"
    leaf.stop(Status.INVALID)
    assert not bench.skills.started
    assert not bench.skills.cancelled


def test_an_interrupted_skill_is_cancelled() -> None:
    bench = LeafBench()
    leaf = pick(bench)
    leaf.tick_once()
    leaf.stop(Status.INVALID)
    assert bench.skills.cancelled == [1]
    assert leaf.feedback_message == "interrupted"


def test_a_finished_pick_is_in_the_hand_and_a_finished_place_no_longer() -> None:
    bench = LeafBench()
    bench.skills.answer = SkillProgress("succeeded")
    pick(bench).tick_once()
    assert bench.held == "cube"
    bench.gripper(GRIPPING)
    place(bench).tick_once()
    assert bench.held == ""


def test_a_new_pick_forgets_what_was_held() -> None:
    bench = LeafBench()
    bench.context.held.set("ball")
    pick(bench).tick_once()
    assert bench.held == ""


def test_an_interrupted_pick_that_grips_something_holds_it() -> None:
    bench = LeafBench()
    leaf = pick(bench)
    leaf.tick_once()
    bench.gripper(GRIPPING)
    leaf.stop(Status.INVALID)
    assert bench.held == "cube"


def test_an_interrupted_pick_with_an_open_gripper_holds_nothing() -> None:
    bench = LeafBench()
    leaf = pick(bench)
    leaf.tick_once()
    leaf.stop(Status.INVALID)
    assert bench.held == ""


def test_a_pick_that_succeeds_in_the_tick_of_its_interruption_is_believed() -> None:
    bench = LeafBench()
    leaf = pick(bench)
    leaf.tick_once()
    bench.skills.answer = SkillProgress("succeeded")
    leaf.stop(Status.INVALID)
    assert bench.held == "cube"


@pytest.mark.parametrize(("opening", "held"), [(GRIPPING, "cube"), (OPEN, ""), (CLOSED, "")])
def test_after_a_failed_pick_or_place_the_gripper_says_what_is_held(opening: float, held: str) -> None:
    for make in (pick, place):
        bench = LeafBench()
        bench.context.held.set("cube")
        bench.gripper(GRIPPING)
        leaf = make(bench)
        leaf.tick_once()
        bench.gripper(opening)
        bench.skills.answer = SkillProgress("failed", reason="took too long")
        leaf.tick_once()
        assert leaf.status is Status.FAILURE
        assert bench.held == held


def test_an_interrupted_place_may_still_hold_its_object() -> None:
    bench = LeafBench()
    bench.context.held.set("cube")
    bench.gripper(GRIPPING)
    leaf = place(bench)
    leaf.tick_once()
    leaf.stop(Status.INVALID)
    assert bench.held == "cube"


@pytest.mark.parametrize(
    ("held", "opening", "reason"),
    [
        ("", GRIPPING, "nothing has been picked"),
        ("cube", OPEN, "the gripper is empty"),
        ("cube", CLOSED, "the gripper is empty"),
    ],
)
def test_place_does_not_start_with_an_empty_hand(held: str, opening: float, reason: str) -> None:
    bench = LeafBench()
    bench.context.held.set(held)
    bench.gripper(opening)
    leaf = place(bench)
    leaf.tick_once()
    assert (leaf.status, leaf.feedback_message) == (Status.FAILURE, reason)
    assert bench.skills.started == []
    assert bench.held == ""

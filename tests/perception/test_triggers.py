from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.reasons import Reason
from perception.track_life import TrackState
from perception.tracks import Track
from perception.triggers import LastLook, LookPlan, TriggerConfig, Workspace, plan_looks

BOX = (0.0, 0.0, 10.0, 10.0)
SURE = Track(
    id=1,
    state=TrackState.CONFIRMED,
    box=BOX,
    predicted_box=BOX,
    label="cube",
    label_probability=0.9,
    score=0.9,
    position_base=(0.5, 0.0, 0.02),
    position_std_m=0.002,
    velocity_mps=(0.0, 0.0, 0.0),
    velocity_std_mps=0.02,
    occluded=0.0,
    age_s=1.0,
    hits=30,
    missed=0,
    looks=1,
    first_seen_ns=0,
    last_seen_ns=0,
    embedding=None,
)
NEAR = Workspace(np.array([[0.5, -0.2, 0.1]]), np.array([[0.5, 0.2, 0.1]]), np.array([0.15]))
FAR = Workspace(np.array([[0.0, 0.5, 0.1]]), np.array([[0.0, 0.5, 0.1]]), np.array([0.15]))
NO_LOTS = TriggerConfig(off=Reason.SHADOW)
HELD, STALE, JUST_NOW = LastLook(1.0, True), LastLook(70.0, False), LastLook(0.05, False)


def plan(*tracks: Track, config: TriggerConfig = NO_LOTS, seed: int = 0, **given: Any) -> LookPlan:
    last = given.get("last", {track.id: HELD for track in tracks})
    return plan_looks(tracks, last, given.get("workspace"), config, np.random.default_rng(seed))


def reasons(track: Track, **given: Any) -> Reason:
    requests = plan(track, **given).requests
    return requests[0].reasons if requests else Reason(0)


UNSURE = replace(SURE, label_probability=0.69)
FAST = replace(SURE, velocity_mps=(0.36, 0.36, 0.0))


def test_a_thing_that_is_sure_known_and_at_rest_is_passed_over() -> None:
    assert plan(SURE) == LookPlan((), 1)


def test_each_reason_is_named() -> None:
    assert reasons(UNSURE) == Reason.LOW_CONFIDENCE
    assert reasons(FAST) == Reason.FAST
    assert reasons(SURE, last={}) == Reason.NEW_OBJECT
    assert reasons(SURE, last={1: STALE}) == Reason.NEW_OBJECT
    assert reasons(SURE, last={}, workspace=NEAR) == Reason.IN_WORKSPACE | Reason.NEW_OBJECT
    every = Reason.IN_WORKSPACE | Reason.FAST | Reason.NEW_OBJECT | Reason.LOW_CONFIDENCE
    assert reasons(replace(FAST, label_probability=0.5), last={}, workspace=NEAR) == every


def test_optical_flow_tells_speed_too() -> None:
    tracks = [SURE]
    made = plan_looks(tracks, {1: HELD}, None, NO_LOTS, np.random.default_rng(0), {1: 0.6})
    assert made.requests[0].reasons == Reason.FAST


def test_the_workspace_is_where_the_skill_acts_and_not_the_table() -> None:
    assert Reason.IN_WORKSPACE not in reasons(SURE, last={}, workspace=FAR)
    assert Reason.IN_WORKSPACE in reasons(replace(SURE, position_base=None), last={}, workspace=FAR)
    nowhere = Workspace(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))
    assert Reason.IN_WORKSPACE not in reasons(replace(SURE, position_base=None), last={}, workspace=nowhere)


def test_a_result_that_holds_keeps_away_all_but_speed_and_doubt() -> None:
    assert reasons(SURE, workspace=NEAR, last={1: HELD}) == Reason(0)
    assert reasons(FAST, workspace=NEAR, last={1: HELD}) == Reason.FAST
    assert reasons(UNSURE, workspace=NEAR, last={1: HELD}) == Reason.LOW_CONFIDENCE


def test_doubt_alone_asks_again_only_after_a_while() -> None:
    assert reasons(UNSURE, last={1: LastLook(0.5, True)}) == Reason(0)
    assert reasons(UNSURE, last={1: LastLook(1.0, True)}) == Reason.LOW_CONFIDENCE


def test_no_thing_is_looked_at_again_at_once() -> None:
    assert plan(FAST, last={1: JUST_NOW}) == LookPlan((), 0)


@pytest.mark.parametrize("state", [TrackState.TENTATIVE, TrackState.OCCLUDED, TrackState.LOST])
def test_what_is_not_believed_or_not_in_view_is_not_looked_at(state: TrackState) -> None:
    assert plan(replace(FAST, state=state)) == LookPlan((), 0)
    assert plan(replace(FAST, missed=1)) == LookPlan((), 0)


@pytest.mark.parametrize("off", [Reason.IN_WORKSPACE, Reason.FAST, Reason.NEW_OBJECT, Reason.LOW_CONFIDENCE])
def test_each_reason_can_be_switched_off(off: Reason) -> None:
    config = TriggerConfig(off=Reason.SHADOW | off)
    left = reasons(replace(FAST, label_probability=0.5), workspace=NEAR, last={}, config=config)
    assert off not in left
    assert left.bit_count() == 3


def test_the_most_urgent_comes_first_then_the_one_with_more_reasons() -> None:
    unsure, fast, new = replace(UNSURE, id=1), replace(FAST, id=2), replace(SURE, id=3)
    both = replace(SURE, id=4, label_probability=0.5)
    order = [request.track_id for request in plan(unsure, new, fast, both, last={1: HELD, 2: HELD}).requests]
    assert order == [2, 4, 3, 1]


def test_lots_are_drawn_with_the_probability_they_say_among_what_is_passed_over() -> None:
    config, random, drawn, passed = TriggerConfig(shadow_probability=0.02), np.random.default_rng(5), 0, 0
    tracks = [replace(SURE, id=i) for i in range(9)] + [replace(FAST, id=9)]
    for _ in range(3000):
        made = plan_looks(tracks, dict.fromkeys(range(10), HELD), None, config, random)
        lots = [request for request in made.requests if request.reasons == Reason.SHADOW]
        assert all(request.probability == 0.02 for request in lots)
        assert [request.probability for request in made.requests if request not in lots] == [1.0]
        assert list(made.requests[: len(lots)]) == lots
        drawn, passed = drawn + len(lots), passed + made.passed_over
    assert passed == 27_000
    assert abs(drawn - 540) < 4.0 * np.sqrt(540)


@given(seed=st.integers(0, 2**32), order=st.permutations(range(6)))
def test_a_plan_depends_on_the_seed_and_not_on_the_order_of_tracks(seed: int, order: list[int]) -> None:
    config = TriggerConfig(shadow_probability=0.5)
    tracks = [replace(SURE, id=i, label_probability=0.5 + 0.07 * i) for i in range(6)]
    assert plan(*tracks, config=config, seed=seed) == plan(*[tracks[i] for i in order], config=config, seed=seed)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"speed_mps": 0.0}, "speed_mps is 0.0; it must exceed 0; switch a reason off by `off`"),
        ({"confidence": 1.0}, "confidence is 1.0; it must be less than 1"),
        ({"shadow_probability": 1.5}, "shadow_probability is 1.5; it must be less than 1"),
        ({"novelty": 2.0}, "novelty is 2.0; it must be less than 2"),
        ({"scene_interval_s": 5.0}, "scene_overdue_s are 5.0, 0.1, 5.0; the last must exceed the others"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TriggerConfig(**given)


def test_a_workspace_of_two_lengths_is_refused() -> None:
    with pytest.raises(ValueError, match=r"they must be \(k, 3\), \(k, 3\), \(k,\)"):
        Workspace(np.zeros((2, 3)), np.zeros((2, 3)), np.zeros(1))


def test_the_defaults_are_those_of_the_design() -> None:
    config = TriggerConfig()
    assert (config.confidence, config.speed_mps, config.occluded, config.scene_overdue_s) == (0.7, 0.5, 0.5, 5.0)
    assert 0.01 <= config.shadow_probability <= 0.02
    assert config.off == Reason(0)

from __future__ import annotations

from typing import Any

import pytest

from perception.track_life import LifeConfig, Place, TrackState, after_miss, after_sight

CONFIG = LifeConfig()
MISS: dict[str, Any] = {
    "state": TrackState.CONFIRMED,
    "person": False,
    "missed": 1,
    "empty": 0,
    "unseen_s": 0.1,
    "place": Place.UNKNOWN,
    "config": CONFIG,
}


@pytest.mark.parametrize(
    ("miss", "state"),
    [
        ({}, TrackState.CONFIRMED),
        ({"place": Place.HIDDEN}, TrackState.OCCLUDED),
        ({"unseen_s": 1.1}, TrackState.LOST),
        ({"unseen_s": 1.1, "place": Place.EMPTY, "empty": 1}, TrackState.CONFIRMED),
        ({"empty": 3, "place": Place.EMPTY}, None),
        ({"unseen_s": 121.0, "place": Place.HIDDEN}, None),
        ({"state": TrackState.OCCLUDED, "unseen_s": 119.0}, TrackState.OCCLUDED),
        ({"state": TrackState.LOST, "unseen_s": 119.0, "place": Place.HIDDEN}, TrackState.LOST),
        ({"state": TrackState.LOST, "unseen_s": 121.0}, None),
        ({"state": TrackState.TENTATIVE}, TrackState.TENTATIVE),
        ({"state": TrackState.TENTATIVE, "missed": 2}, None),
        ({"person": True}, TrackState.CONFIRMED),
        ({"person": True, "place": Place.HIDDEN}, TrackState.CONFIRMED),
        ({"person": True, "place": Place.EMPTY, "empty": 1}, None),
        ({"person": True, "unseen_s": 0.6}, None),
        ({"person": True, "unseen_s": 0.6, "place": Place.HIDDEN}, None),
    ],
)
def test_what_a_miss_makes_of_a_track(miss: dict[str, Any], state: TrackState | None) -> None:
    assert after_miss(**{**MISS, **miss}) is state


@pytest.mark.parametrize(
    ("state", "hits", "expected"),
    [
        (TrackState.TENTATIVE, 2, TrackState.TENTATIVE),
        (TrackState.TENTATIVE, 3, TrackState.CONFIRMED),
        (TrackState.OCCLUDED, 9, TrackState.CONFIRMED),
        (TrackState.LOST, 9, TrackState.CONFIRMED),
    ],
)
def test_what_a_sight_makes_of_a_track(state: TrackState, hits: int, expected: TrackState) -> None:
    assert after_sight(state, hits, CONFIG) is expected


def test_limits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="person_keep_s, lost_after_s, keep_s are 2.0, 1.0, 120.0; they must rise"):
        LifeConfig(person_keep_s=2.0)
    with pytest.raises(ValueError, match="confirm_hits is 0; it must exceed 0"):
        LifeConfig(confirm_hits=0)

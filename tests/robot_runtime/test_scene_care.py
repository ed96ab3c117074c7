from __future__ import annotations

import pytest

from perception.scene import Scene, SceneReport
from robot_runtime.profile_handover import Care
from robot_runtime.scene_care import CAREFUL, NONE, more_careful, scene_care

NOW_NS = 10_000_000_000


def scene(surprise: float | None, age_s: float = 0.5) -> Scene:
    report = SceneReport(NOW_NS - round(age_s * 1e9), 1, surprise, {})
    return Scene(1, NOW_NS, (), None, "cascade", report=report)


def test_a_surprise_asks_for_care_and_says_so() -> None:
    care, why = scene_care(scene(0.999), NOW_NS)
    assert care == CAREFUL
    assert "something unexpected" in why


@pytest.mark.parametrize("seen", [None, scene(None), scene(0.9), scene(0.999, age_s=3.5), scene(0.999, age_s=-1.0)])
def test_without_a_fresh_surprise_nothing_is_asked(seen: Scene | None) -> None:
    assert scene_care(seen, NOW_NS) == (NONE, "")


def test_care_only_ever_grows() -> None:
    blind = Care(2.0, 0.25, frozenset({"policy"}))
    assert more_careful(blind, CAREFUL) == blind
    assert more_careful(NONE, CAREFUL) == CAREFUL
    assert more_careful(CAREFUL, NONE) == CAREFUL

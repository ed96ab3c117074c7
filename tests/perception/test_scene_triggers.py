from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from perception.reasons import Reason
from perception.scene_triggers import NOTHING_KNOWN, Situation, novelty, scene_look_wanted
from perception.triggers import TriggerConfig

CONFIG = TriggerConfig()
QUIET = Situation(person_distance_m=None, occluded=0.0, high_value_task=False, novelty=None, since_last_s=1.0)
CAUSES: dict[Reason, dict[str, Any]] = {
    Reason.PERSON_NEARBY: {"person_distance_m": 1.4},
    Reason.NOVEL: {"novelty": 0.5},
    Reason.OCCLUSION: {"occluded": 0.6},
    Reason.HIGH_VALUE: {"high_value_task": True},
    Reason.PERIODIC: {"since_last_s": 5.1},
}


def test_a_quiet_scene_needs_no_look() -> None:
    assert scene_look_wanted(QUIET, CONFIG) == Reason(0)
    at_the_limits = Situation(person_distance_m=1.5, occluded=0.5, high_value_task=False, novelty=0.4, since_last_s=5.0)
    assert scene_look_wanted(at_the_limits, CONFIG) == Reason(0)


@pytest.mark.parametrize("reason", CAUSES)
def test_each_reason_is_named_and_can_be_switched_off(reason: Reason) -> None:
    now = replace(QUIET, **CAUSES[reason])
    assert scene_look_wanted(now, CONFIG) == reason
    assert scene_look_wanted(now, TriggerConfig(off=reason)) == Reason(0)


def test_all_reasons_come_together() -> None:
    causes = {name: value for cause in CAUSES.values() for name, value in cause.items()}
    assert scene_look_wanted(replace(QUIET, **causes), CONFIG) == Reason(sum(CAUSES))


def test_the_scene_is_not_looked_at_again_at_once_and_always_once() -> None:
    assert scene_look_wanted(replace(QUIET, person_distance_m=0.1, since_last_s=0.1), CONFIG) == Reason(0)
    assert scene_look_wanted(replace(QUIET, since_last_s=None), CONFIG) == Reason.PERIODIC


def test_novelty_is_how_far_the_most_novel_is_from_the_nearest_known() -> None:
    x, y = np.array([1.0, 0.0], dtype=np.float32), np.array([0.0, 1.0], dtype=np.float32)
    between = np.array([0.6, 0.8], dtype=np.float32)
    assert novelty([x], np.stack([x, y])) == pytest.approx(0.0)
    assert novelty([x, between], np.stack([x, y])) == pytest.approx(0.2)
    assert novelty([-x], x[None]) == pytest.approx(2.0)
    assert novelty([], x[None]) is None
    assert novelty([x], np.zeros((0, 2), dtype=np.float32)) == NOTHING_KNOWN

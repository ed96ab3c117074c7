from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from models.roles import SceneInsight
from models.training.clips import ANOMALIES, FACTS
from robot_runtime.evaluation.anomaly_trial import LEAST_FRAMES, evaluation_clips, figures, try_model
from rt_control.errors import InputError
from sim.training_clips import Clip, Facts

EMPTY = Facts(False, False, False, False, False, True)
BUSY = Facts(True, True, True, True, False, False)


def clip(number: int, facts: Facts, anomaly: str | None = None) -> Clip:
    return Clip(np.full((4, 2, 2, 3), number, dtype=np.uint8), facts, anomaly)


class Scripted:
    """Is as surprised as the first pixel says, in hundredths, and always says the same of the scene."""

    def __init__(self, facts: dict[str, float]) -> None:
        self._facts = facts

    def observe(self, clip: np.ndarray) -> SceneInsight:
        return SceneInsight(np.zeros(3, dtype=np.float32), float(clip[0, 0, 0, 0]) / 100.0, self._facts)


SAID = dict(zip(FACTS, map(float, astuple(EMPTY)), strict=True))


def test_figures_say_what_was_found_and_what_was_right() -> None:
    clips = [
        clip(10, EMPTY), clip(20, EMPTY), clip(100, BUSY), clip(30, EMPTY),
        clip(100, EMPTY, "moved"), clip(15, EMPTY, "moved"), clip(100, EMPTY, "light failed"),
    ]  # fmt: skip
    rows = {row.name: row.value for row in figures(try_model(Scripted(SAID), clips))}
    assert rows["normal clips"] == 4 and rows["abnormal clips"] == 3
    assert rows["false alarms"] == 0.25
    assert rows["found"] == pytest.approx(2 / 3)
    assert rows["found, moved"] == 0.5 and rows["found, light failed"] == 1.0
    assert rows["AUROC, moved"] == pytest.approx((3.5 + 1) / 8)
    assert rows["right, person_present"] == 0.75 and rows["right, right_bin_occupied"] == 1.0
    assert "found, dropped" not in rows


def test_only_the_time_is_judged() -> None:
    rows = figures(try_model(Scripted(SAID), [clip(10, EMPTY), clip(20, EMPTY, "moved")]))
    assert [row.name for row in rows if row.target is not None] == ["time of a clip, p99"]


def test_a_model_that_lacks_a_fact_is_refused() -> None:
    facts = dict.fromkeys(FACTS[1:], 0.0)
    with pytest.raises(InputError, match=f"lacks {FACTS[0]}; bind one that gives surprise and {FACTS[0]}"):
        try_model(Scripted(facts), [clip(0, EMPTY)])


def test_too_few_frames_are_refused() -> None:
    with pytest.raises(InputError, match=f"4 frames; allowed: at least {LEAST_FRAMES}"):
        next(evaluation_clips(4, 0))


@pytest.mark.sim
def test_clips_are_normal_and_abnormal_in_turn_and_every_anomaly_occurs() -> None:
    kinds = [item.anomaly for item in evaluation_clips(LEAST_FRAMES, 0)]
    assert kinds[::2] == [None] * len(ANOMALIES)
    assert kinds[1::2] == list(ANOMALIES)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.training.clips import ANOMALIES, FACTS, NORMAL
from models.training.measures import area_under_roc
from models.training.scene_measures import LEAST_CLIPS, Judgement, scene_measures, surprise_quantiles

Numbers = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30)


@given(Numbers, Numbers)
def test_the_area_is_how_often_a_positive_is_above_a_negative(positive: list[float], negative: list[float]) -> None:
    pairs = [1.0 if one > other else 0.5 if one == other else 0.0 for one in positive for other in negative]
    assert area_under_roc(np.array(positive), np.array(negative)) == pytest.approx(np.mean(pairs))


@given(Numbers, Numbers)
def test_the_area_of_the_others_is_the_rest(one: list[float], other: list[float]) -> None:
    assert area_under_roc(np.array(one), np.array(other)) + area_under_roc(np.array(other), np.array(one)) == (
        pytest.approx(1.0)
    )


def judgement(anomaly: int, surprise: float, wrong: int | None = None) -> Judgement:
    facts = np.zeros(len(FACTS), dtype=bool)
    said = facts.copy()
    if wrong is not None:
        said[wrong] = True
    return Judgement(anomaly, surprise, facts, said)


def test_each_kind_of_anomaly_is_measured_against_all_normal_clips() -> None:
    measures = scene_measures(
        [judgement(NORMAL, 1.0), judgement(NORMAL, 3.0), judgement(0, 4.0), judgement(1, 2.0), judgement(1, 0.0)]
    )
    assert measures[f"AUROC {ANOMALIES[0]}"] == 1.0
    assert measures[f"AUROC {ANOMALIES[1]}"] == pytest.approx(0.25)
    assert measures["AUROC"] == pytest.approx((2 + 1 + 0) / 6)
    assert f"AUROC {ANOMALIES[2]}" not in measures


def test_facts_are_measured_in_normal_clips_alone() -> None:
    measures = scene_measures(
        [judgement(NORMAL, 1.0, wrong=2), judgement(NORMAL, 1.0), judgement(0, 1.0, wrong=0), judgement(0, 1.0)]
    )
    assert measures[f"accuracy {FACTS[2]}"] == 0.5
    assert measures[f"accuracy {FACTS[0]}"] == 1.0


@given(st.integers(0, 2**32 - 1))
def test_one_normal_clip_in_a_hundred_is_above_the_last_quantile_but_one(seed: int) -> None:
    surprise = np.random.default_rng(seed).gamma(2.0, size=1000)
    quantiles = surprise_quantiles(surprise)
    assert len(quantiles) == 101 and (np.diff(quantiles) > 0.0).all()
    assert (surprise > quantiles[99]).sum() == pytest.approx(10, abs=1)


def test_too_few_clips_and_a_network_that_is_always_as_surprised_are_refused() -> None:
    with pytest.raises(ValueError, match=f"{LEAST_CLIPS - 1} normal clips; allowed: at least {LEAST_CLIPS}"):
        surprise_quantiles(np.arange(LEAST_CLIPS - 1.0))
    with pytest.raises(ValueError, match="too few values"):
        surprise_quantiles(np.ones(LEAST_CLIPS))

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from perception.cascade import CascadeConfig
from robot_runtime import line_plot
from robot_runtime.evaluation.tally import Detected, Noticing, Tally
from robot_runtime.evaluation.threshold_tuning import (
    IN_FORCE,
    VALUES,
    Point,
    ThresholdCurve,
    curves,
    figures,
    panels,
    strategies,
)

OURS = CascadeConfig()
NOW = Point(0.7, looks=200, points=90.0, gain=0.0, gain_std=0.0, place_mm=2.0, known_s=0.2, missed=1)


def chosen(*others: Point, slack: float = 0.2) -> float:
    return ThresholdCurve("confidence", 0.7, (NOW, *others)).choose(slack)[0]


def test_a_value_that_is_surely_better_is_chosen_whatever_it_costs() -> None:
    assert chosen(replace(NOW, value=0.9, gain=1.0, gain_std=0.3, looks=400)) == 0.9


def test_what_may_be_chance_is_not() -> None:
    assert chosen(replace(NOW, value=0.9, gain=1.0, gain_std=0.6)) == 0.7
    assert chosen(replace(NOW, value=0.9, gain=0.1, gain_std=0.0)) == 0.7


def test_of_those_that_are_as_good_a_clearly_cheaper_one_is_chosen() -> None:
    cheaper, cheapest = replace(NOW, value=0.5, looks=150), replace(NOW, value=0.4, looks=100)
    assert chosen(cheaper, cheapest) == 0.4
    assert chosen(replace(cheaper, looks=190)) == 0.7
    assert chosen(replace(cheaper, gain=-0.1, gain_std=0.2)) == 0.7
    assert chosen(replace(cheaper, place_mm=3.0)) == 0.7
    assert chosen(replace(cheaper, known_s=0.3)) == 0.7


def test_looks_by_lot_are_never_saved() -> None:
    cheaper = replace(NOW, value=0.5, looks=10)
    assert ThresholdCurve("shadow_probability", 0.7, (NOW, cheaper)).choose(0.2)[0] == 0.7


def test_an_event_that_is_missed_is_worth_no_computing() -> None:
    assert chosen(replace(NOW, value=0.4, looks=100, missed=2)) == 0.7


def tally(right: int, of: int, looks: int) -> Tally:
    found = Detected(scores=np.linspace(1.0, 0.5, of).tolist(), right=[index < right for index in range(of)], wanted=of)
    noticed = {"moved": Noticing([0.1], 0)}
    return Tally(images=100, level2_ms=float(looks), looks=looks, detected={"cube": found}, noticed=noticed)


def test_each_value_is_tried_alone() -> None:
    found = strategies(OURS)
    assert len(found) == 1 + sum(len(values) - 1 for values in VALUES.values())
    slow = next(item for item in found if item.name == "speed_mps 0.1")
    assert slow.config.triggers == replace(OURS.triggers, speed_mps=0.1)


def test_the_curves_are_of_all_episodes_and_gains_of_pairs() -> None:
    episodes = []
    for right in (8, 6):
        tallies = {item.name: tally(right, 10, 20) for item in strategies(OURS)}
        tallies["confidence 0.95"] = tally(right + 1, 10, 40)
        episodes.append(tallies)
    assert IN_FORCE in episodes[0]
    found = {curve.name: curve for curve in curves(OURS, episodes)}
    best = found["confidence"].points[-1]
    assert (best.value, best.looks, best.missed) == (0.95, 80, 0)
    assert best.gain == pytest.approx(10.0, abs=1.0)
    assert best.gain_std < 1.0
    assert found["confidence"].choose(0.2)[0] == 0.95
    assert found["speed_mps"].choose(0.2) == (0.5, "moves nothing in these episodes")
    rows = {item.name: item for item in figures(list(found.values()), 0.2)}
    assert rows["confidence, chosen"].value == 0.95
    assert "80 looks" in rows["confidence 0.95: mAP50"].note
    line_plot.draw(panels(list(found.values()), 0.2))

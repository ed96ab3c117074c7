from __future__ import annotations

import pytest

from perception.cascade import CascadeConfig
from perception.reasons import Reason
from robot_runtime.evaluation import strategies
from robot_runtime.evaluation.strategies import AGAIN_S, ByLot, Everything, Knowing
from tests.robot_runtime.evaluation import truth

THINGS = (truth.thing(1, 10.0), truth.thing(2, 60.0, "ball", place_m=0.4))
TRACKS = [truth.track(THINGS[0], 7), truth.track(THINGS[1], 8)]
RIGHT = {item.track: item for item in truth.scene({7: THINGS[0], 8: THINGS[1]}).objects}


def test_everything_is_everything() -> None:
    assert list(Everything().chooser(truth.moment(1, THINGS), {})(TRACKS)) == [7, 8]


def test_lots_fall_as_often_as_their_chance_says() -> None:
    picker = ByLot(0.2)
    drawn = sum(len(picker.chooser(truth.moment(1, THINGS), {})(TRACKS)) for _ in range(2000))
    assert drawn / 4000 == pytest.approx(0.2, abs=0.03)


def test_the_oracle_leaves_alone_what_is_right() -> None:
    assert list(Knowing().chooser(truth.moment(1, THINGS), RIGHT)(TRACKS)) == []


def test_the_oracle_looks_at_a_wrong_name_and_at_a_wrong_place_and_rests_in_between() -> None:
    picker = Knowing()
    misnamed = [truth.track(THINGS[0], 7, "cube"), TRACKS[1]]
    nowhere = {7: RIGHT[7]}
    assert list(picker.chooser(truth.moment(1, THINGS), nowhere)(misnamed)) == [7, 8]
    assert list(picker.chooser(truth.moment(2, THINGS), nowhere)(misnamed)) == []
    later = 2 + round(AGAIN_S * 30)
    assert list(picker.chooser(truth.moment(later, THINGS), nowhere)(misnamed)) == [7, 8]


def test_each_trigger_is_left_out_once_and_all_else_stays() -> None:
    found = strategies.ablations(CascadeConfig())
    off = [item.config.triggers.off for item in found]
    assert len(set(off[:-1])) == len(off) - 1 and off[-1] == Reason(0)
    assert all(item.config.cache == CascadeConfig().cache for item in found[:-1])
    assert len({item.name for item in found + strategies.sweep(CascadeConfig())}) == len(found) + 8

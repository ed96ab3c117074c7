from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from perception.stereo import StereoRange
from rt_control.robot_file import RobotDescription
from tests.perception.conftest import Table

pytestmark = pytest.mark.sim
MakeTable = Callable[[int], Table]


def distance(table: Table, stereo: StereoRange) -> float | None:
    return stereo.update(*table.photograph_pair(), table.robot)


@pytest.mark.parametrize("seed", range(8))
def test_objects_bins_and_arm_are_not_a_person(seed: int, make_table: MakeTable, description: RobotDescription) -> None:
    table, stereo, random = make_table(seed), StereoRange(description), np.random.default_rng(seed)
    assert distance(table, stereo) is None
    table.place_arm(np.array(description.home) + random.uniform(-0.3, 0.3, 8) * [1, 1, 1, 1, 1, 1, 1, 0])
    assert distance(table, stereo) is None


@pytest.mark.parametrize("seed", range(12))
def test_a_hand_is_seen_at_about_its_distance(seed: int, make_table: MakeTable, description: RobotDescription) -> None:
    table, random = make_table(seed), np.random.default_rng(seed)
    table.place_hand(tuple(random.uniform([0.5, -0.4, 0.1], [0.75, 0.4, 0.35])), float(random.uniform(-0.8, 0.8)))
    measured = distance(table, StereoRange(description))
    assert measured is not None
    assert measured == pytest.approx(table.true_person_distance(), abs=0.1)


def test_exchanged_cameras_are_refused(make_table: MakeTable, description: RobotDescription) -> None:
    table = make_table(0)
    left, right = table.photograph_pair()
    with pytest.raises(ValueError, match="'overhead_right' and 'overhead_left' are not a rectified pair"):
        StereoRange(description).update(right, left, table.robot)

from __future__ import annotations

import numpy as np
import pytest

from rt_control.description import RobotDescription
from sim.plant import Plant
from sim.score import score
from tests.sim.driver import Driver

HEIGHT_M = 0.03


def put(plant: Plant, name: str, x: float, y: float, z: float = HEIGHT_M) -> None:
    body = plant.model.body(name)
    address = int(plant.model.jnt_qposadr[body.jntadr[0]])
    plant.data.qpos[address : address + 7] = [x, y, z, 1.0, 0.0, 0.0, 0.0]


def put_into_bins(plant: Plant, goal: dict[str, str]) -> None:
    for index, (name, bin_name) in enumerate(goal.items()):
        centre = plant.description.workcell.find_bin(bin_name)
        assert centre is not None
        put(plant, name, centre.centre[0] - 0.06 + 0.04 * index, centre.centre[1] + 0.05 * (-1) ** index)


def settle(plant: Plant, cycles: int = 600) -> None:
    for _ in range(cycles):
        plant.step(None)


@pytest.fixture
def goal(arm7: RobotDescription) -> dict[str, str]:
    assert arm7.simulation is not None
    return dict(arm7.simulation.goal)


def test_at_the_start_nothing_is_sorted(driver: Driver, goal: dict[str, str]) -> None:
    settle(driver.plant)
    result = score(driver.plant)
    assert (result.objects_sorted, result.objects_total, result.sorted) == (0, 4, ())
    assert result.misplaced == dict.fromkeys(sorted(goal), "table")


def test_every_object_at_rest_in_its_bin_is_sorted(driver: Driver, goal: dict[str, str]) -> None:
    put_into_bins(driver.plant, goal)
    settle(driver.plant)
    result = score(driver.plant)
    assert result.objects_sorted == result.objects_total == 4
    assert result.misplaced == {}


def test_an_object_in_the_wrong_bin_is_named_with_that_bin(driver: Driver, goal: dict[str, str]) -> None:
    put_into_bins(driver.plant, {**goal, "red_cube": "right_bin"})
    settle(driver.plant)
    result = score(driver.plant)
    assert result.objects_sorted == 3
    assert result.misplaced == {"red_cube": "right_bin"}


@pytest.mark.parametrize(
    ("x", "y", "z", "place"),
    [
        (0.42, 0.30, 0.02, "table"),
        (0.42, 0.44, 0.5, "moving"),
        (0.42, 0.75, -0.2, "moving"),
        (1.3, 0.9, -0.74, "floor"),
    ],
)
def test_beside_above_and_below_the_bin_do_not_count(driver: Driver, x: float, y: float, z: float, place: str) -> None:
    put(driver.plant, "red_cube", x, y, z)
    settle(driver.plant, 1 if place == "floor" else 100)
    assert score(driver.plant).misplaced["red_cube"] == place


def test_an_object_that_still_falls_is_not_sorted(driver: Driver, goal: dict[str, str]) -> None:
    put_into_bins(driver.plant, goal)
    settle(driver.plant)
    put(driver.plant, "red_cube", 0.42, 0.44, 0.09)
    settle(driver.plant, 30)
    assert score(driver.plant).misplaced == {"red_cube": "moving"}


def test_an_object_on_another_one_in_its_bin_counts_while_its_bottom_is_below_the_rim(
    driver: Driver, goal: dict[str, str]
) -> None:
    put_into_bins(driver.plant, goal)
    put(driver.plant, "red_cube", 0.42, 0.44, 0.027)
    put(driver.plant, "blue_box", 0.42, 0.44, 0.027 + 0.02 + 0.0185)
    settle(driver.plant)
    assert np.linalg.norm(driver.plant.data.body("blue_box").xpos[:2] - [0.42, 0.44]) < 0.02
    assert score(driver.plant).misplaced == {}

from __future__ import annotations

import math

import numpy as np
import pytest

from rt_control.description import RobotDescription
from sim.oracle import OracleErrors, OraclePerception
from sim.person import PersonPath
from sim.person_distance import NOBODY_WITHIN_M
from sim.plant import Plant

EXACT = OracleErrors(0.0, 0.0, 0.0)


def make_plant(arm7: RobotDescription, person: PersonPath | None = None) -> Plant:
    return Plant(arm7.world_path, arm7, 3, drive_watchdog_cycles=5, person=person)


def test_without_errors_the_scene_is_the_truth_and_says_where_it_comes_from(arm7: RobotDescription) -> None:
    plant = make_plant(arm7)
    scene = OraclePerception(plant, 0, EXACT).look(42)
    assert arm7.simulation is not None
    assert (scene.source, scene.stamp_ns, scene.sequence) == ("oracle", 42, 1)
    assert {item.name for item in scene.objects} == set(arm7.simulation.goal)
    for item in scene.objects:
        assert item.position_base == pytest.approx(plant.data.body(item.name).xpos, abs=1e-12)
        assert item.measured_ns == 42
        assert -math.pi / 2 <= item.yaw_rad <= math.pi / 2
        assert all(0.01 < side < 0.1 for side in item.size_m)


def test_the_errors_are_as_large_as_they_are_said_to_be(arm7: RobotDescription) -> None:
    plant = make_plant(arm7)
    errors = OracleErrors(position_m=0.002, miss_ratio=0.0)
    oracle = OraclePerception(plant, 1, errors)
    truth = np.array(plant.data.body("red_cube").xpos)
    deviations = []
    for stamp_ns in range(400):
        item = oracle.look(stamp_ns).find("red_cube")
        assert item is not None
        deviations.append(np.array(item.position_base) - truth)
    assert np.std(deviations) == pytest.approx(errors.position_m, rel=0.15)
    assert np.abs(np.mean(deviations, axis=0)).max() < 0.0005


def test_an_object_that_was_missed_keeps_its_last_place_and_stamp(arm7: RobotDescription) -> None:
    oracle = OraclePerception(make_plant(arm7), 1, OracleErrors(miss_ratio=1.0))
    first, second = oracle.look(1), oracle.look(2)
    assert second.objects == first.objects
    assert (second.sequence, second.stamp_ns) == (2, 2)
    assert all(item.measured_ns == 1 for item in second.objects)


def test_the_same_seed_errs_in_the_same_way(arm7: RobotDescription) -> None:
    plant = make_plant(arm7)
    one, other = (OraclePerception(plant, 5) for _ in range(2))
    assert [one.look(stamp) for stamp in range(20)] == [other.look(stamp) for stamp in range(20)]
    assert OraclePerception(plant, 6).look(0) != OraclePerception(plant, 5).look(0)


def test_a_person_is_nobody_while_away_and_a_distance_when_near(arm7: RobotDescription) -> None:
    plant = make_plant(arm7, PersonPath.reach_in(0.01, (0.5, 0.0, 0.3), dwell_s=4.0))
    oracle = OraclePerception(plant, 0, EXACT)
    assert oracle.look(0).person_distance_m is None
    nearest = NOBODY_WITHIN_M
    for _ in range(40):
        for _ in range(100):
            plant.step(None)
        distance = oracle.look(0).person_distance_m
        if distance is not None:
            assert 0.0 <= distance < NOBODY_WITHIN_M
            nearest = min(nearest, distance)
    assert nearest < 0.3

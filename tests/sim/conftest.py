from __future__ import annotations

from collections.abc import Callable

import pytest

from rt_control._native import Kinematics
from rt_control.description import RobotDescription, compile_model, load_robot
from sim.plant import Plant
from tests.sim.driver import Driver


@pytest.fixture(scope="session")
def arm7() -> RobotDescription:
    return load_robot("arm7")


@pytest.fixture(scope="session")
def kinematics(arm7: RobotDescription) -> Kinematics:
    return Kinematics(compile_model(arm7))


@pytest.fixture
def make_driver(arm7: RobotDescription) -> Callable[[int], Driver]:
    def make(seed: int) -> Driver:
        return Driver(Plant(arm7.world_path, arm7, seed, drive_watchdog_cycles=5))

    return make


@pytest.fixture
def driver(make_driver: Callable[[int], Driver]) -> Driver:
    return make_driver(0)

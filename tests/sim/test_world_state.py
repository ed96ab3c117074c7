from __future__ import annotations

import mujoco
import numpy as np
import pytest

from rt_control.description import RobotDescription
from rt_control.errors import ChannelError
from sim.world_state import load_world, stamp_of, unpack_world, world_size
from tests.sim.driver import Driver


def test_an_unpacked_world_is_the_plants(driver: Driver, arm7: RobotDescription) -> None:
    driver.accelerate([1.0, 0.5, 0.0, -0.5, 0.0, 0.0, 0.0, 0.0], 200)
    content = driver.plant.world_bytes(stamp_ns=123)
    model = load_world(arm7.world_path)
    data = mujoco.MjData(model)
    assert unpack_world(content, model, data) == stamp_of(content) == 123
    assert len(content) == world_size(model)
    mujoco.mj_kinematics(driver.plant.model, driver.plant.data)
    np.testing.assert_array_equal(data.xpos, driver.plant.data.xpos)
    assert data.time == driver.plant.time_s


def test_the_stamp_is_simulated_time_where_none_is_given(driver: Driver) -> None:
    driver.hold(7)
    assert stamp_of(driver.plant.world_bytes()) == 7_000_000


def test_bytes_of_another_world_are_refused(arm7: RobotDescription) -> None:
    model = load_world(arm7.world_path)
    with pytest.raises(ChannelError, match="world message has 24 bytes, this world takes"):
        unpack_world(bytes(24), model, mujoco.MjData(model))

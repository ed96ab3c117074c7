from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rt_control.description import load_robot
from rt_control.robot_file import RobotDescription
from sim.crowded_table import OBSTACLES, Crowd, crowd
from sim.plant import Plant


@pytest.fixture
def description(tmp_path: Path) -> RobotDescription:
    shipped = load_robot("arm7")
    return crowd(shipped, {"home": shipped.home}, 3, tmp_path)


def plant_of(description: RobotDescription) -> Plant:
    return Plant(description.world_path, description, 3, 5)


def test_the_boxes_are_seen_where_they_are_and_the_arm_stands_free(description: RobotDescription) -> None:
    plant = plant_of(description)
    crowd_here = Crowd(plant, 3)
    seen = crowd_here.look(7)
    assert seen.stamp_ns == 7
    assert OBSTACLES - 6 <= len(seen.objects) < OBSTACLES  # the last one has not appeared
    for item in seen.objects:
        assert np.allclose(item.position_base, plant.data.body(item.name).xpos, atol=0.02)
    crowd_here.watch()
    assert not crowd_here.touched


def test_the_same_seed_gives_the_same_boxes(description: RobotDescription) -> None:
    one, other = (Crowd(plant_of(description), 5).look(0) for _ in range(2))
    assert one == other


def test_what_the_arm_touches_is_told(description: RobotDescription) -> None:
    plant = plant_of(description)
    crowd_here = Crowd(plant, 3)
    where = plant.data.geom("hand").xpos.copy()
    plant.data.mocap_pos[plant.model.body_mocapid[plant.model.body("box0").id]] = where
    plant.step(None)
    crowd_here.watch()
    assert "box0" in crowd_here.touched


def test_one_appears_where_the_arm_is_not(description: RobotDescription) -> None:
    crowd_here = Crowd(plant_of(description), 3)
    before = len(crowd_here.look(0).objects)
    assert crowd_here.appear(np.array([0.5, -0.5, 0.3]), np.array([0.5, 0.5, 0.3]))
    assert len(crowd_here.look(0).objects) == before + 1

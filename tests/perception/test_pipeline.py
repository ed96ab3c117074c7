from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from perception.frames import Frame
from perception.pipeline import ScenePipeline
from perception.scene import Scene
from rt_control._native import Kinematics
from rt_control.robot_file import RobotDescription
from tests.perception.conftest import Table

pytestmark = pytest.mark.sim
MakeTable = Callable[[int], Table]

NAMES = ("blue_box", "green_cylinder", "red_cube", "yellow_ball")
SIZES = {
    "blue_box": (0.05, 0.03, 0.035),
    "green_cylinder": (0.036, 0.036, 0.05),
    "red_cube": (0.04, 0.04, 0.04),
    "yellow_ball": (0.04, 0.04, 0.04),
}
PERIOD_OF_YAW = {"blue_box": math.pi, "red_cube": math.pi / 2.0}


def look(table: Table, pipeline: ScenePipeline) -> Scene:
    frame = table.photograph("rgbd")
    return pipeline.update(frame, table.robot, frame.stamp_ns)


@pytest.mark.parametrize("seed", range(24))
def test_every_object_is_found_where_it_lies(seed: int, make_table: MakeTable, description: RobotDescription) -> None:
    table = make_table(seed)
    scene = look(table, ScenePipeline(description))
    assert tuple(item.name for item in scene.objects) == NAMES
    for item in scene.objects:
        position, yaw = table.true_pose(item.name)
        assert math.dist(item.position_base, position) < 0.005
        assert item.size_m == pytest.approx(SIZES[item.name], abs=0.006)
        assert 0.7 < item.confidence < 1.0
        assert item.measured_ns == scene.stamp_ns
        if item.name in PERIOD_OF_YAW:
            assert abs(math.remainder(item.yaw_rad - yaw, PERIOD_OF_YAW[item.name])) < math.radians(5.0)


@pytest.mark.parametrize("seed", range(6))
def test_the_arm_in_view_is_not_a_person(
    seed: int, make_table: MakeTable, description: RobotDescription, kinematics: Kinematics
) -> None:
    table, pipeline, random = make_table(seed), ScenePipeline(description), np.random.default_rng(seed)
    for _ in range(6):
        position = np.array(description.home) + random.uniform(-0.6, 0.6, 8) * [1, 1, 1, 1, 1, 1, 1, 0]
        position[7] = random.uniform(0.0, 0.04)
        if kinematics.forward(position)[2, 3] > 0.1:
            table.place_arm(position)
            assert look(table, pipeline).person_distance_m is None


@pytest.mark.parametrize("seed", range(20))
def test_the_distance_of_a_hand_is_measured(seed: int, make_table: MakeTable, description: RobotDescription) -> None:
    table, random = make_table(seed), np.random.default_rng(seed)
    table.place_hand(tuple(random.uniform([0.4, -0.4, 0.08], [0.8, 0.4, 0.35])), float(random.uniform(-1.0, 1.0)))
    distance = look(table, ScenePipeline(description)).person_distance_m
    assert distance is not None
    assert distance == pytest.approx(table.true_person_distance(), abs=0.03)


def test_an_object_that_the_arm_hides_is_remembered(make_table: MakeTable, description: RobotDescription) -> None:
    table, pipeline = make_table(0), ScenePipeline(description)
    before = look(table, pipeline).find("green_cylinder")
    assert before is not None
    table.place_hand((before.position_base[0] + 0.1, before.position_base[1], 0.12))
    after = look(table, pipeline).find("green_cylinder")
    assert after is not None
    assert after.measured_ns == before.measured_ns
    assert after.position_base == before.position_base


@pytest.mark.parametrize("seed", range(5))
def test_an_object_that_is_hidden_in_part_keeps_its_name_and_place(
    seed: int, make_table: MakeTable, description: RobotDescription
) -> None:
    table, pipeline, random = make_table(seed), ScenePipeline(description), np.random.default_rng(seed)
    look(table, pipeline)
    for name in NAMES:
        position, _ = table.true_pose(name)
        for _ in range(6):
            offset = random.uniform([0.05, -0.08, 0.06], [0.2, 0.08, 0.12])
            table.place_hand((position[0] + offset[0], position[1] + offset[1], offset[2]))
            scene = look(table, pipeline)
            assert tuple(item.name for item in scene.objects) == NAMES
            item = scene.find(name)
            assert item is not None
            assert math.dist(item.position_base, position) < 0.012


def test_an_object_that_was_taken_away_is_forgotten(make_table: MakeTable, description: RobotDescription) -> None:
    table, pipeline = make_table(0), ScenePipeline(description)
    assert look(table, pipeline).find("red_cube") is not None
    table.place_object("red_cube", 3.0, 3.0, 0.02)
    assert look(table, pipeline).find("red_cube") is None


def test_an_object_in_the_gripper_is_neither_on_the_table_nor_a_person(
    make_table: MakeTable, description: RobotDescription, kinematics: Kinematics
) -> None:
    table, pipeline = make_table(0), ScenePipeline(description)
    look(table, pipeline)
    position = np.array(description.home)
    position[1] += 0.3
    table.place_arm(position)
    table.place_object("red_cube", *kinematics.forward(position)[:3, 3])
    scene = look(table, pipeline)
    assert scene.find("red_cube") is None
    assert scene.person_distance_m is None


@pytest.mark.parametrize("name", NAMES)
def test_an_object_in_a_bin_is_found_there(name: str, make_table: MakeTable, description: RobotDescription) -> None:
    table, pipeline = make_table(0), ScenePipeline(description)
    look(table, pipeline)
    table.place_object(name, 0.37, 0.49, 0.006 + SIZES[name][2] / 2.0)
    scene = look(table, pipeline)
    item = scene.find(name)
    assert item is not None
    assert item.position_base == pytest.approx(table.true_pose(name)[0], abs=0.01)
    assert scene.person_distance_m is None


def test_an_object_unseen_for_too_long_is_forgotten(make_table: MakeTable, description: RobotDescription) -> None:
    table, pipeline = make_table(0), ScenePipeline(description, forget_after_s=0.5)
    seen = look(table, pipeline).find("green_cylinder")
    assert seen is not None
    table.place_hand((seen.position_base[0] + 0.1, seen.position_base[1], 0.12))
    assert look(table, pipeline).find("green_cylinder") is not None
    table.stamp_ns += 1_000_000_000
    assert look(table, pipeline).find("green_cylinder") is None


def test_sequences_rise(make_table: MakeTable, description: RobotDescription) -> None:
    table, pipeline = make_table(0), ScenePipeline(description)
    assert [look(table, pipeline).sequence for _ in range(3)] == [1, 2, 3]


def test_an_image_without_depth_is_refused(make_table: MakeTable, description: RobotDescription) -> None:
    table = make_table(0)
    frame: Frame = table.photograph("wrist")
    with pytest.raises(ValueError, match="camera 'wrist' has no depth image"):
        ScenePipeline(description).update(frame, table.robot, frame.stamp_ns)

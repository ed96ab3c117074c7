"""The cascade with the shipped models, on rendered tables."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from models import backends
from models.registry import Registry
from perception.cascade import Cascade, CascadeConfig, Wish
from perception.cascade_models import CascadeModels, load_models
from perception.compute_budget import load_budget
from perception.cost_meter import ModelledCost
from perception.scene import Scene
from perception.track_life import LifeConfig
from perception.tracker_config import TrackerConfig
from robot_runtime.lockstep import Latencies
from rt_control._native import Kinematics
from rt_control.robot_file import RobotDescription
from tests.perception.conftest import Table

pytestmark = pytest.mark.sim
MakeTable = Callable[[int], Table]
MakeCascade = Callable[..., Cascade]

NAMES = ("blue_box", "green_cylinder", "red_cube", "yellow_ball")
SIZES = {
    "blue_box": (0.05, 0.03, 0.035),
    "green_cylinder": (0.036, 0.036, 0.05),
    "red_cube": (0.04, 0.04, 0.04),
    "yellow_ball": (0.04, 0.04, 0.04),
}
PERIOD_OF_YAW = {"blue_box": math.pi, "red_cube": math.pi / 2.0}
IMAGES = 6  # until a thing is believed, and looked at closely


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> CascadeModels:
    return load_models(Registry(tmp_path_factory.mktemp("no_models")), backends.get(backends.DEFAULT))


@pytest.fixture
def make_cascade(description: RobotDescription, models: CascadeModels) -> MakeCascade:
    look_ms = Latencies.load().look_ms
    budget = load_budget("cpu_two_cores")

    def make(config: CascadeConfig | None = None) -> Cascade:
        return Cascade(description, models, budget, 0, config, ModelledCost(look_ms), look_ms)

    return make


def look(table: Table, cascade: Cascade, images: int = IMAGES, wish: Wish | None = None) -> Scene:
    scene = None
    for _ in range(images):
        frame = table.photograph("rgbd")
        scene = cascade.look(frame, table.robot, frame.stamp_ns, wish)
    assert scene is not None
    return scene


@pytest.mark.parametrize("seed", range(24))
def test_every_object_is_found_where_it_lies(seed: int, make_table: MakeTable, make_cascade: MakeCascade) -> None:
    table = make_table(seed)
    scene = look(table, make_cascade())
    assert tuple(item.name for item in scene.objects) == NAMES
    for item in scene.objects:
        position, yaw = table.true_pose(item.name)
        assert math.dist(item.position_base, position) < 0.005
        assert item.size_m == pytest.approx(SIZES[item.name], abs=0.006)
        assert 0.5 < item.confidence < 1.0
        assert item.measured_ns == scene.stamp_ns
        if item.name in PERIOD_OF_YAW:
            assert abs(math.remainder(item.yaw_rad - yaw, PERIOD_OF_YAW[item.name])) < math.radians(6.0)


@pytest.mark.parametrize("seed", range(8))
def test_level_one_alone_finds_the_objects_too(seed: int, make_table: MakeTable, make_cascade: MakeCascade) -> None:
    table = make_table(seed)
    scene = look(table, make_cascade(), wish=Wish(levels=(1,), flow=False))
    colours = sorted(item.name.partition("_")[0] for item in scene.objects)
    assert colours == sorted(name.partition("_")[0] for name in NAMES)
    for item in scene.objects:
        true = next(name for name in NAMES if name.startswith(item.name.partition("_")[0]))
        assert math.dist(item.position_base[:2], table.true_pose(true)[0][:2]) < 0.01


@pytest.mark.parametrize("seed", range(6))
def test_the_arm_in_view_is_not_a_person(
    seed: int, make_table: MakeTable, make_cascade: MakeCascade, description: RobotDescription, kinematics: Kinematics
) -> None:
    table, cascade, random = make_table(seed), make_cascade(), np.random.default_rng(seed)
    look(table, cascade)
    for _ in range(6):
        position = np.array(description.home) + random.uniform(-0.6, 0.6, 8) * [1, 1, 1, 1, 1, 1, 1, 0]
        position[7] = random.uniform(0.0, 0.04)
        if kinematics.forward(position)[2, 3] > 0.1:
            table.place_arm(position)
            assert look(table, cascade, images=1).person_distance_m is None


@pytest.mark.parametrize("seed", range(20))
def test_the_distance_of_a_hand_is_measured(seed: int, make_table: MakeTable, make_cascade: MakeCascade) -> None:
    table, cascade, random = make_table(seed), make_cascade(), np.random.default_rng(seed)
    look(table, cascade)
    table.place_hand(tuple(random.uniform([0.4, -0.4, 0.08], [0.8, 0.4, 0.35])), float(random.uniform(-1.0, 1.0)))
    distance = look(table, cascade, images=1).person_distance_m
    assert distance is not None
    assert distance == pytest.approx(table.true_person_distance(), abs=0.03)


def test_an_object_that_the_arm_hides_is_remembered(make_table: MakeTable, make_cascade: MakeCascade) -> None:
    table, cascade = make_table(0), make_cascade()
    before = look(table, cascade).find("green_cylinder")
    assert before is not None
    table.place_hand((before.position_base[0] + 0.1, before.position_base[1], 0.12))
    after = look(table, cascade, images=30).find("green_cylinder")
    assert after is not None
    assert after.measured_ns < table.stamp_ns
    assert after.position_base == pytest.approx(before.position_base, abs=0.008)
    assert after.track == before.track


def test_an_object_that_was_taken_away_is_forgotten(make_table: MakeTable, make_cascade: MakeCascade) -> None:
    table, cascade = make_table(0), make_cascade()
    assert look(table, cascade).find("red_cube") is not None
    table.place_object("red_cube", 3.0, 3.0, 0.02)
    assert look(table, cascade).find("red_cube") is None


def test_an_object_in_the_gripper_is_neither_on_the_table_nor_a_person(
    make_table: MakeTable, make_cascade: MakeCascade, description: RobotDescription, kinematics: Kinematics
) -> None:
    table, cascade = make_table(0), make_cascade()
    look(table, cascade)
    position = np.array(description.home)
    position[1] += 0.3
    table.place_arm(position)
    table.place_object("red_cube", *kinematics.forward(position)[:3, 3])
    scene = look(table, cascade)
    assert scene.find("red_cube") is None
    assert scene.person_distance_m is None


@pytest.mark.parametrize("name", NAMES)
def test_an_object_in_a_bin_is_found_there(name: str, make_table: MakeTable, make_cascade: MakeCascade) -> None:
    table, cascade = make_table(0), make_cascade()
    look(table, cascade)
    table.place_object(name, 0.37, 0.49, 0.006 + SIZES[name][2] / 2.0)
    scene = look(table, cascade)
    item = scene.find(name)
    assert item is not None
    assert item.position_base == pytest.approx(table.true_pose(name)[0], abs=0.01)
    assert scene.person_distance_m is None


def test_an_object_unseen_for_too_long_is_forgotten(make_table: MakeTable, make_cascade: MakeCascade) -> None:
    life = LifeConfig(lost_after_s=0.5, keep_s=2.0, person_keep_s=0.5)
    table, cascade = make_table(0), make_cascade(CascadeConfig(tracker=TrackerConfig(life=life)))
    seen = look(table, cascade).find("green_cylinder")
    assert seen is not None
    table.place_hand((seen.position_base[0] + 0.1, seen.position_base[1], 0.12))
    assert look(table, cascade, images=3).find("green_cylinder") is not None
    table.stamp_ns += 3_000_000_000
    assert look(table, cascade, images=1).find("green_cylinder") is None


def test_without_depth_a_network_estimates_it_and_nobody_is_measured(
    make_table: MakeTable, make_cascade: MakeCascade
) -> None:
    table, cascade = make_table(0), make_cascade()
    scene = None
    for _ in range(IMAGES):
        frame = table.photograph("wrist")
        scene = cascade.look(frame, table.robot, frame.stamp_ns)
    assert scene is not None
    assert scene.person_distance_m is None

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.robot_shape import distance_from, distances, position_at, robot_capsules
from rt_control._native import Kinematics
from rt_control.robot_file import RobotDescription

ROD = np.array([[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.1, 0.02]])  # upright, 1 m long, 0.1 m thick


@given(x=st.floats(-1.0, 1.0), y=st.floats(-1.0, 1.0), z=st.floats(0.0, 1.0))
def test_beside_a_capsule_the_distance_is_that_from_its_axis_less_its_radius(x: float, y: float, z: float) -> None:
    distance, own = distances(np.array([[x, y, z]]), ROD)
    assert distance[0] + 0.1 == pytest.approx(np.hypot(x, y), abs=1e-5)
    assert own[0] == (distance[0] < np.float32(0.02))


@given(point=st.tuples(*[st.floats(-1.0, 2.0)] * 3))
def test_one_point_is_as_far_from_one_capsule_as_many_from_many(point: tuple[float, float, float]) -> None:
    (many,), _ = distances(np.array([point]), ROD)
    assert distance_from(ROD[0], point) == pytest.approx(many, abs=1e-5)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 600), capsules=st.integers(1, 12))
def test_many_points_are_as_far_from_many_capsules_as_each_alone(seed: int, count: int, capsules: int) -> None:
    random = np.random.default_rng(seed)
    points = random.uniform(-1.0, 1.0, (count, 3)).astype(np.float32)
    rods = np.concatenate([random.uniform(-1, 1, (capsules, 6)), random.uniform(0.0, 0.1, (capsules, 2))], axis=1)
    distance, own = distances(points, rods)
    one_by_one = np.array([[distance_from(rod, point.tolist()) for rod in rods] for point in points])
    one_by_one = one_by_one.reshape(count, capsules)
    assert distance == pytest.approx(one_by_one.min(axis=1), abs=1e-5)
    inside = (one_by_one - rods[:, 7]).min(axis=1) < 0.0
    certain = np.abs(one_by_one - rods[:, 7]).min(axis=1) > 1e-5
    assert np.array_equal(own[certain], inside[certain])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("index", [0, 1, 5, 255, 256, 299])  # in whole words of the processor, and in what is left
def test_a_point_that_is_not_finite_is_refused_and_not_taken_for_far(index: int, value: float) -> None:
    points = np.full((300, 3), 0.5, dtype=np.float32)
    points[index, index % 3] = value
    with pytest.raises(ValueError, match="points: not all of them are finite"):
        distances(points, ROD)


@pytest.mark.parametrize("column", range(8))
def test_a_capsule_that_is_not_finite_is_refused_also_beside_a_good_one(column: int) -> None:
    rods = np.concatenate([ROD, ROD])
    rods[1, column] = np.nan
    with pytest.raises(ValueError, match="capsules: at least one, of finite numbers"):
        distances(np.zeros((1, 3)), rods)


def test_a_robot_without_a_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="capsules: at least one"):
        distances(np.zeros((1, 3)), np.zeros((0, 8)))


def test_beyond_the_end_of_a_capsule_the_distance_is_that_from_its_end() -> None:
    distance, _ = distances(np.array([[0.0, 0.0, 1.5]]), ROD)
    assert distance[0] == pytest.approx(0.4, abs=1e-6)


def test_the_robot_reaches_from_its_base_to_its_finger_tips(
    description: RobotDescription, kinematics: Kinematics
) -> None:
    poses = np.asarray(kinematics.link_poses(np.array(description.home)))
    capsules = robot_capsules(poses, description.gripper)
    assert description.gripper is not None
    tip = poses[-1, :3, 3] + description.gripper.tip_beyond_tcp_m * poses[-1, :3, 2]
    distance, own = distances(np.array([[0.0, 0.0, 0.0], tip, [0.9, 0.0, 0.1]]), capsules)
    assert (distance[:2] <= 0.0).all()
    assert own.tolist() == [True, True, False]


def test_a_robot_without_a_gripper_has_a_shape_too(description: RobotDescription, kinematics: Kinematics) -> None:
    poses = np.asarray(kinematics.link_poses(np.array(description.home)))
    distance, own = distances(poses[-1:, :3, 3], robot_capsules(poses, None))
    assert distance[0] < 0.0
    assert own[0]


def test_the_axes_are_taken_back_to_the_moment_of_the_image() -> None:
    position, velocity = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    at = position_at(1_000_000_000, position, velocity, 1_040_000_000)
    assert at == pytest.approx([0.98, 2.04])
    long_ago = position_at(0, position, velocity, 9_000_000_000)
    assert long_ago == pytest.approx([0.925, 2.15])

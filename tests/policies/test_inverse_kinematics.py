from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policies.inverse_kinematics import Unreachable, pose_pointing_down, rotation_vector
from policies.workspace import Workspace
from rt_control._native import Kinematics
from rt_control.robot_file import RobotDescription

over_the_table = st.tuples(st.floats(0.36, 0.64), st.floats(-0.44, 0.44), st.floats(0.02, 0.25))
yaws = st.floats(-math.pi, math.pi)


def angle_between(first: float, second: float, period: float) -> float:
    return abs(math.remainder(first - second, period))


@settings(max_examples=60, deadline=None)
@given(point=over_the_table, yaw=yaws)
def test_the_solution_brings_the_gripper_to_the_pose_inside_the_limits(
    point: tuple[float, float, float], yaw: float, workspace: Workspace, description: RobotDescription
) -> None:
    solution = workspace.down_at(np.array(point), (yaw,), np.array(description.home))
    assert not isinstance(solution, Unreachable), solution.reason
    pose = workspace.tcp(solution)
    assert pose[:3, 3] == pytest.approx(point, abs=1e-4)
    assert pose[2, 2] == pytest.approx(-1.0, abs=1e-6)
    assert angle_between(math.atan2(pose[1, 0], pose[0, 0]), yaw, math.pi) < 1e-3
    assert (solution >= workspace.lower).all()
    assert (solution <= workspace.upper).all()


def test_the_nearer_of_two_equal_grasps_is_taken(workspace: Workspace, description: RobotDescription) -> None:
    home = np.array(description.home)
    one = workspace.down_at(np.array([0.5, 0.0, 0.2]), (0.1,), home)
    other = workspace.down_at(np.array([0.5, 0.0, 0.2]), (0.1 + math.pi,), home)
    assert not isinstance(one, Unreachable)
    assert not isinstance(other, Unreachable)
    assert one == pytest.approx(other, abs=1e-3)
    assert abs(one[6] - home[6]) < math.pi / 2.0


def test_the_gripper_keeps_the_position_it_started_with(workspace: Workspace, description: RobotDescription) -> None:
    start = np.array(description.home)
    start[7] = 0.013
    solution = workspace.down_at(np.array([0.5, 0.0, 0.2]), (0.0,), start)
    assert not isinstance(solution, Unreachable)
    assert solution[7] == 0.013


def test_a_point_out_of_reach_is_refused_with_what_is_missing(
    workspace: Workspace, description: RobotDescription
) -> None:
    answer = workspace.down_at(np.array([1.5, 0.0, 0.1]), (0.0,), np.array(description.home))
    assert isinstance(answer, Unreachable)
    assert "cannot reach (1.500, 0.000, 0.100) m" in answer.reason
    assert "mm" in answer.reason


@given(
    axis=st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: math.hypot(*v) > 0.1), angle=st.floats(0.0, math.pi)
)
@example(axis=(1.0, 1.0, 1.0), angle=math.pi)
@example(axis=(1.0, -1.0, 0.2), angle=math.pi)
def test_a_rotation_vector_is_axis_times_angle(axis: tuple[float, float, float], angle: float) -> None:
    unit = np.array(axis) / math.hypot(*axis)
    x, y, z = unit
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    rotation = np.eye(3) + math.sin(angle) * cross + (1.0 - math.cos(angle)) * cross @ cross
    vector = rotation_vector(rotation)
    assert np.linalg.norm(vector) == pytest.approx(angle, abs=1e-5)
    assert abs(vector @ unit) == pytest.approx(angle, abs=1e-5)


def test_a_path_straight_up_keeps_place_and_direction(
    workspace: Workspace, description: RobotDescription, kinematics: Kinematics
) -> None:
    low = workspace.down_at(np.array([0.5, 0.2, 0.03]), (0.4,), np.array(description.home))
    assert not isinstance(low, Unreachable)
    path = workspace.vertical(low, workspace.travel_z)
    assert not isinstance(path, Unreachable)
    start = kinematics.forward(low)
    for position in path:
        pose = kinematics.forward(position)
        assert pose[:2, 3] == pytest.approx(start[:2, 3], abs=1e-4)
        assert pose[:3, :3] == pytest.approx(start[:3, :3], abs=1e-3)
    assert kinematics.forward(path[-1])[2, 3] == pytest.approx(workspace.travel_z, abs=1e-4)


def test_pointing_down_is_a_rotation() -> None:
    rotation = pose_pointing_down((0.0, 0.0, 0.0), 0.7)[:3, :3]
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)

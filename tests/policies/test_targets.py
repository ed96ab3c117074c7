from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from policies.cell import Cell
from policies.observation import PolicyTarget
from policies.targets import NoTarget, pick_target, place_target
from rt_control._native import Kinematics
from rt_control.robot_file import RobotDescription
from tests.policies.robot_player import cube, scene


@pytest.fixture
def cell(description: RobotDescription, kinematics: Kinematics) -> Cell:
    return Cell(description, kinematics)


def aimed(cell: Cell, yaw_rad: float, before: PolicyTarget | None = None) -> PolicyTarget:
    item = cube(yaw_rad=yaw_rad, stamp_ns=5)
    found = pick_target(cell, item, scene(item, stamp_ns=5), before)
    assert isinstance(found, PolicyTarget)
    return found


def test_an_object_is_grasped_at_its_middle_and_the_fingers_open_as_far_as_it_needs(cell: Cell) -> None:
    target = aimed(cell, 0.3)
    assert target.position_base == (0.5, 0.1, 0.02)
    assert target.opening == pytest.approx(cell.gripper_at(0.04 + 0.024))
    assert target.task == "pick"
    assert target.measured_ns == 5
    assert target.uncertainty == pytest.approx(0.05)


def test_a_flat_object_is_grasped_above_its_middle_so_that_no_finger_meets_the_table(cell: Cell) -> None:
    flat = msgspec.structs.replace(cube(), position_base=(0.5, 0.1, 0.005), size_m=(0.04, 0.04, 0.01))
    found = pick_target(cell, flat, scene(flat, stamp_ns=0))
    assert isinstance(found, PolicyTarget)
    assert found.position_base[2] == pytest.approx(0.016)


def test_the_wrist_turns_as_little_as_a_cube_allows(cell: Cell) -> None:
    easy = cell.easy_yaw(np.array([0.5, 0.1]))
    for yaw in np.linspace(-math.pi / 2.0, math.pi / 2.0, 13):
        assert abs(math.remainder(aimed(cell, float(yaw)).yaw_rad - easy, math.tau)) <= math.pi / 4.0 + 1e-9


def test_while_a_cube_turns_the_hand_turns_with_it_and_does_not_change_sides(cell: Cell) -> None:
    target = aimed(cell, 0.0)
    for yaw in np.linspace(0.0, 1.4, 15):
        following = aimed(cell, float(yaw), target)
        assert abs(math.remainder(following.yaw_rad - target.yaw_rad, math.tau)) < 0.2
        target = following


def test_what_is_too_wide_is_said_to_be(cell: Cell) -> None:
    wide = msgspec.structs.replace(cube(), size_m=(0.09, 0.09, 0.04))
    found = pick_target(cell, wide, scene(wide, stamp_ns=0))
    assert found == NoTarget("red_cube is too wide: 90 x 90 mm, the gripper takes 70 mm")


def test_what_is_held_is_let_go_above_the_floor_with_the_palm_above_the_walls(
    cell: Cell, description: RobotDescription
) -> None:
    left = description.workcell.find_bin("left_bin")
    assert left is not None
    short = place_target(cell, left, (0.4, 0.4), 0.01, 0.04, 9)
    tall = place_target(cell, left, (0.4, 0.4), 0.08, 0.04, 9)
    assert short.position_base[2] == pytest.approx(left.size[2] - 0.03)
    assert tall.position_base[2] > 0.08
    assert short.task == "place"
    assert short.measured_ns == 9

from __future__ import annotations

import math

import pytest

from perception.scene import SceneObject
from policies.grasp import grasp_yaws
from tests.policies.robot_player import cube, scene

BOX = SceneObject("blue_box", (0.5, 0.0, 0.0175), 0.4, (0.05, 0.03, 0.035), 0.9, 0)
BALL = SceneObject("yellow_ball", (0.5, 0.0, 0.02), 0.0, (0.04, 0.04, 0.04), 0.9, 0)


def test_a_box_is_grasped_across_its_long_side() -> None:
    assert grasp_yaws(BOX, scene(BOX, stamp_ns=0), 0.07) == [0.4]


def test_a_cube_is_grasped_across_either_side() -> None:
    item = cube(yaw_rad=0.3)
    assert grasp_yaws(item, scene(item, stamp_ns=0), 0.07) == pytest.approx([0.3, 0.3 + math.pi / 2.0])


def test_a_ball_is_grasped_from_any_side() -> None:
    assert len(grasp_yaws(BALL, scene(BALL, stamp_ns=0), 0.07)) == 8


def test_the_fingers_keep_clear_of_a_neighbour() -> None:
    neighbour = cube("red_cube", x=0.5, y=0.07)
    yaws = grasp_yaws(BALL, scene(BALL, neighbour, stamp_ns=0), 0.07)
    assert 0 < len(yaws) < 8
    for yaw in yaws:  # the fingers lie along (sin, -cos)
        assert abs(math.cos(yaw)) < 0.9


def test_between_two_neighbours_the_widest_gap_is_taken() -> None:
    tight = [cube(f"red_cube_{side}", x=0.5 + side * 0.06, y=0.0) for side in (-1, 1)]
    tight += [cube(f"blue_cube_{side}", x=0.5, y=side * 0.05) for side in (-1, 1)]
    assert len(grasp_yaws(BALL, scene(BALL, *tight, stamp_ns=0), 0.07)) == 1


def test_what_is_too_wide_has_no_grasp() -> None:
    assert grasp_yaws(BOX, scene(BOX, stamp_ns=0), 0.02) == []

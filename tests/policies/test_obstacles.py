from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.scene import Scene
from policies.obstacles import Block, Obstacles, of_scene, of_workcell
from rt_control.robot_file import RobotDescription
from tests.policies.robot_player import cube

small = st.floats(-1.0, 1.0)


@given(x=small, y=small, z=small, yaw=st.floats(-3.0, 3.0), rounding=st.floats(0.0, 0.1))
def test_the_distance_changes_no_faster_than_the_place(
    x: float, y: float, z: float, yaw: float, rounding: float
) -> None:
    obstacles = Obstacles.of([Block("box", (0.1, 0.2, 0.3), (0.2, 0.1, 0.05), yaw, rounding)])
    here = np.array([x, y, z])
    step = 0.01 * np.array([1.0, 2.0, -2.0]) / 3.0
    change = obstacles.distances(here + step) - obstacles.distances(here)
    assert abs(float(change[0])) <= 0.01 + 1e-12


def test_distances_are_of_the_turned_rounded_box() -> None:
    blocks = [
        Block("turned", (0.0, 0.0, 0.0), (0.2, 0.1, 0.1), math.pi / 2.0),
        Block("ball", (1.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0, 0.3),
    ]
    obstacles = Obstacles.of(blocks)
    assert np.allclose(obstacles.distances(np.array([0.5, 0.0, 0.0])), [0.4, 0.2])
    assert np.allclose(obstacles.distances(np.array([0.0, 0.5, 0.0])), [0.3, math.hypot(1.0, 0.5) - 0.3])
    assert np.allclose(obstacles.distances(np.array([0.0, 0.0, 0.0]))[0], -0.1)


@pytest.mark.parametrize("wrong", [(math.nan, 0.0, 0.0), (math.inf, 0.0, 0.0)])
def test_an_obstacle_that_is_nowhere_is_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="obstacle box: .*must be finite"):
        Obstacles.of([Block("box", wrong, (0.1, 0.1, 0.1))])


def test_an_obstacle_of_negative_size_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        Obstacles.of([Block("box", (0.0, 0.0, 0.0), (0.1, -0.1, 0.1))])


def test_the_bins_walls_and_the_table_are_always_there(description: RobotDescription) -> None:
    names = of_workcell(description).names
    assert names.count("wall of left_bin") == 4
    assert "table" in names
    assert "workspace" not in names  # the arm is to stay in there


def test_what_is_held_is_in_nobodys_way_and_whoever_reaches_in_comes_from_outside() -> None:
    scene = Scene(1, 0, (cube("red_cube"), cube("blue_cube")), 0.4, "oracle", person_point_base=(0.6, 0.0, 0.3))
    seen = of_scene(scene, "red_cube")
    assert seen.names == ("blue_cube", "a person")
    far, near = seen.distances(np.array([[1.3, 0.0, 0.3], [0.45, 0.0, 0.3]]))[:, 1]
    assert far == pytest.approx(-0.1)
    assert near == pytest.approx(0.05)


def test_no_scene_is_no_obstacle() -> None:
    assert len(of_scene(None, None)) == 0

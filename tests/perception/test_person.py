from __future__ import annotations

import numpy as np
import pytest

from perception.person import PersonFinder
from perception.point_image import PointImage
from perception.scene import SceneObject
from rt_control.robot_file import RobotDescription

ROBOT = np.array([[0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.1, 0.05]])  # a post at the origin
NO_SKIN = np.zeros((6, 6), dtype=bool)


def patch(x: float, y: float, z: float, spacing: float = 0.005) -> PointImage:
    """Six by six points around a place."""
    rows, columns = np.mgrid[0:6, 0:6] * spacing
    height = np.full((6, 6), z, dtype=np.float32)
    xs, ys = (columns + x).astype(np.float32), (rows + y).astype(np.float32)
    return PointImage(np.ones((6, 6), dtype=np.float32), np.stack([xs, ys, height]), np.zeros(3), 100.0)


@pytest.fixture
def finder(description: RobotDescription) -> PersonFinder:
    return PersonFinder(description.workcell)


def test_a_point_that_nothing_explains_is_a_person(finder: PersonFinder) -> None:
    assert finder.distance_m(patch(0.5, 0.0, 0.3), NO_SKIN, ROBOT, ()) == pytest.approx(0.4, abs=1e-3)


def test_the_table_explains_itself(finder: PersonFinder) -> None:
    assert finder.distance_m(patch(0.5, 0.0, 0.0), NO_SKIN, ROBOT, ()) is None


def test_the_robot_explains_itself(finder: PersonFinder) -> None:
    assert finder.distance_m(patch(0.11, 0.0, 0.3), NO_SKIN, ROBOT, ()) is None


def test_a_known_object_explains_its_points(finder: PersonFinder) -> None:
    item = SceneObject("red_cube", (0.5, 0.0, 0.02), 0.0, (0.04, 0.04, 0.04), 0.9, 0)
    assert finder.distance_m(patch(0.5, 0.0, 0.04), NO_SKIN, ROBOT, (item,)) is None
    assert finder.distance_m(patch(0.5, 0.0, 0.04), NO_SKIN, ROBOT, ()) is not None


def test_a_bin_explains_what_is_in_it_but_not_skin(finder: PersonFinder) -> None:
    assert finder.distance_m(patch(0.42, 0.44, 0.05), NO_SKIN, ROBOT, ()) is None
    assert finder.distance_m(patch(0.42, 0.44, 0.05), ~NO_SKIN, ROBOT, ()) is not None


def test_skin_beside_the_robot_is_a_persons(finder: PersonFinder) -> None:
    assert finder.distance_m(patch(0.125, 0.0, 0.3), ~NO_SKIN, ROBOT, ()) == pytest.approx(0.025, abs=1e-3)


def test_a_lone_point_is_noise(finder: PersonFinder) -> None:
    points = patch(0.5, 0.0, 0.0)
    points.z[3, 3] = 0.3
    assert finder.distance_m(points, NO_SKIN, ROBOT, ()) is None


def test_an_empty_image_shows_nobody(finder: PersonFinder) -> None:
    points = patch(0.5, 0.0, 0.3)
    points.valid[:] = False
    assert finder.distance_m(points, NO_SKIN, ROBOT, ()) is None


def test_the_nearest_point_says_how_wide_a_pixel_is_there(finder: PersonFinder) -> None:
    points = patch(0.5, 0.0, 0.3)
    points.pixel_m = np.linspace(0.001, 0.036, 36, dtype=np.float32).reshape(6, 6)
    found = finder.nearest(points, NO_SKIN, ROBOT, ())
    assert found is not None
    assert found.distance_m == pytest.approx(0.4, abs=1e-3)
    assert found.pixel_m == pytest.approx(0.001)

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.box_pose import POINTS
from perception.frames import Frame
from perception.keypoint_pose import place_by_points
from rt_control.description import load_robot

WORKCELL = load_robot("arm7").workcell
SURE = np.ones(9)
POSE = np.eye(4)
POSE[:3, :3] = np.array([[0.0, 0.74, -0.6726], [1.0, 0.0, 0.0], [0.0, -0.6726, -0.74]])
POSE[:3, 3] = (1.12, 0.0, 0.92)
FRAME = Frame("rgbd", 1, 1, np.zeros((240, 320, 3), np.uint8), None, 257.0, 257.0, 159.5, 119.5, POSE)


def points_of(position: np.ndarray, yaw: float, size: np.ndarray) -> np.ndarray:
    turn = np.array([[math.cos(yaw), -math.sin(yaw), 0.0], [math.sin(yaw), math.cos(yaw), 0.0], [0.0, 0.0, 1.0]])
    return FRAME.project(POINTS * size @ turn.T + position)[:, :2]


@given(
    x=st.floats(0.3, 0.7),
    y=st.floats(-0.25, 0.25),
    yaw=st.floats(-1.5, 1.5),
    long=st.floats(0.045, 0.065),
    width=st.floats(0.02, 0.035),
    height=st.floats(0.02, 0.04),
)
def test_the_points_of_a_box_on_the_table_give_its_place_size_and_direction(
    x: float, y: float, yaw: float, long: float, width: float, height: float
) -> None:
    size = np.array([long, width, height])
    position = np.array([x, y, WORKCELL.table_height_m + height / 2.0])
    placed = place_by_points(points_of(position, yaw, size), SURE, size / long, FRAME, "box", 0.0, WORKCELL)
    assert placed is not None
    assert placed.measured.position_base == pytest.approx(position, abs=1e-3)
    assert placed.measured.size_m == pytest.approx(tuple(size), abs=1e-3)
    assert abs(math.remainder(placed.measured.yaw_rad - yaw, math.pi)) < 0.02


def test_a_thing_in_a_bin_stands_on_its_floor() -> None:
    bin_ = WORKCELL.bin[0]
    size = np.array([0.05, 0.03, 0.03])
    position = np.array([*bin_.centre, WORKCELL.table_height_m + 0.006 + 0.015])
    placed = place_by_points(points_of(position, 0.3, size), SURE, size / 0.05, FRAME, "box", 0.0, WORKCELL)
    assert placed is not None
    assert placed.measured.position_base == pytest.approx(position, abs=1e-3)


def test_what_is_hidden_is_less_certain() -> None:
    size = np.full(3, 0.04)
    points = points_of(np.array([0.5, 0.0, 0.02]), 0.2, size)
    open_, half = (place_by_points(points, SURE, np.ones(3), FRAME, "cube", share, WORKCELL) for share in (0.0, 0.5))
    assert open_ is not None and half is not None
    assert half.certainty == pytest.approx(open_.certainty / 2.0)


def test_points_that_are_no_box_give_no_place() -> None:
    nowhere = np.full((9, 2), np.nan)
    assert place_by_points(nowhere, SURE, np.ones(3), FRAME, "cube", 0.0, WORKCELL) is None
    one_point = np.tile([[160.0, 120.0]], (9, 1))
    assert place_by_points(one_point, SURE, np.ones(3), FRAME, "cube", 0.0, WORKCELL) is None

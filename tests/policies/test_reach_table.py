from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.reach_table import ReachTable
from rt_control._native import Kinematics
from rt_control.robot_file import RobotDescription


@pytest.fixture(scope="module")
def table(description: RobotDescription, kinematics: Kinematics) -> ReachTable:
    return ReachTable(description, kinematics)


@given(distance=st.floats(0.35, 0.6), angle=st.floats(-1.5, 1.5), height=st.floats(0.02, 0.35))
def test_the_hand_is_where_it_was_asked_to_be_and_points_down(
    table: ReachTable,
    description: RobotDescription,
    kinematics: Kinematics,
    distance: float,
    angle: float,
    height: float,
) -> None:
    place = np.array([distance * math.cos(angle), distance * math.sin(angle), height])
    found = table.look_up(place)
    assert found is not None
    position = np.array(description.home)
    position[:7] = found
    pose = kinematics.forward(position)
    assert np.linalg.norm(pose[:3, 3] - place) < 2e-3
    assert pose[2, 2] < -0.9999
    for axis, value in zip(description.axis[:7], found, strict=True):
        assert axis.lower <= value <= axis.upper


@given(
    x=st.floats(allow_nan=True, allow_infinity=True),
    y=st.floats(allow_nan=True, allow_infinity=True),
    z=st.floats(allow_nan=True, allow_infinity=True),
)
def test_wherever_it_is_asked_for_it_answers_inside_the_limits_or_not_at_all(
    table: ReachTable, description: RobotDescription, x: float, y: float, z: float
) -> None:
    found = table.look_up(np.array([x, y, z]))
    if found is not None:
        for axis, value in zip(description.axis[:7], found, strict=True):
            assert axis.lower <= value <= axis.upper


@pytest.mark.parametrize("place", [(0.1, 0.0, 0.2), (1.2, 0.0, 0.2), (0.5, 0.0, -0.05), (-0.5, -1e-3, 0.2)])
def test_out_of_the_table_there_is_nothing(table: ReachTable, place: tuple[float, float, float]) -> None:
    assert table.look_up(np.array(place)) is None

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.point_image import PointImage
from perception.shape import Measured, measure

PIXEL_M = 0.004


def seen(surface: np.ndarray) -> tuple[PointImage, np.ndarray]:
    """A point image of surface points laid out as (rows, columns, 3), NaN where there is none."""
    valid = ~np.isnan(surface[..., 0])
    at = np.moveaxis(np.nan_to_num(surface), -1, 0).astype(np.float32)
    return PointImage(valid.astype(np.float32), at, np.zeros(3), 1.0 / PIXEL_M), valid


def ball(radius: float) -> np.ndarray:
    """The upper half of a ball on the floor at (0.5, 0.1), looked at from above."""
    y, x = np.mgrid[-radius:radius:PIXEL_M, -radius:radius:PIXEL_M] * 0.95
    with np.errstate(invalid="ignore"):
        z = radius + np.sqrt(radius**2 - x**2 - y**2)
    z[z < radius * 1.2] = np.nan
    surface: np.ndarray = np.stack([x + 0.5, y + 0.1, z], axis=-1)
    surface[np.isnan(z)] = np.nan
    return surface


def prism(outline: np.ndarray, top: np.ndarray, height: float) -> np.ndarray:
    """A flat top and below it the upright side along an outline, in rows of points."""
    columns = max(len(outline), top.shape[1])
    rows = [np.pad(row, ((0, columns - len(row)), (0, 0)), constant_values=np.nan) for row in top]
    for z in np.linspace(height * 0.9, height * 0.1, 5):
        row = np.column_stack([outline, np.full(len(outline), z)])
        rows.append(np.pad(row, ((0, columns - len(row)), (0, 0)), constant_values=np.nan))
    return np.array(rows)


def box(length: float, width: float, height: float, yaw: float) -> Measured | None:
    """Measure a box at (0.5, 0.1) of which the top and two sides are seen."""
    turn = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
    columns, rows = round(length / PIXEL_M), round(width / PIXEL_M)
    u = (np.arange(columns) + 0.5) / columns * length - length / 2.0
    v = (np.arange(rows) + 0.5) / rows * width - width / 2.0
    flat = np.stack(np.meshgrid(u, v), axis=-1) @ turn.T + [0.5, 0.1]
    top = np.concatenate([flat, np.full((*flat.shape[:2], 1), height)], axis=-1)
    front = np.column_stack([u, np.full(columns, -width / 2.0)])
    side = np.column_stack([np.full(rows, length / 2.0), v])
    points, mask = seen(prism(np.concatenate([front, side]) @ turn.T + [0.5, 0.1], top, height))
    return measure(points, mask, 0.0)


@settings(max_examples=40, deadline=None)
@given(yaw=st.floats(-math.pi, math.pi), length=st.floats(0.05, 0.08), height=st.floats(0.02, 0.06))
def test_a_box_has_the_direction_of_its_long_side(yaw: float, length: float, height: float) -> None:
    item = box(length, 0.03, height, yaw)
    assert item is not None
    assert item.shape == "box"
    assert abs(math.remainder(item.yaw_rad - yaw, math.pi)) < math.radians(4.0)
    assert -math.pi / 2.0 < item.yaw_rad <= math.pi / 2.0
    assert item.position_base == pytest.approx([0.5, 0.1, height / 2.0], abs=3e-3)
    assert item.size_m == pytest.approx((length, 0.03, height), abs=6e-3)


def test_a_box_with_equal_sides_is_a_cube() -> None:
    item = box(0.04, 0.04, 0.04, 0.3)
    assert item is not None
    assert item.shape == "cube"


@pytest.mark.parametrize("radius", [0.015, 0.02, 0.03])
def test_a_ball_is_found_by_its_sphere(radius: float) -> None:
    item = measure(*seen(ball(radius)), 0.0)
    assert item is not None
    assert item.shape == "ball"
    assert item.position_base == pytest.approx([0.5, 0.1, radius], abs=1e-3)
    assert item.size_m == pytest.approx([2.0 * radius] * 3, abs=2e-3)


def test_a_round_side_below_a_flat_top_is_a_cylinder() -> None:
    radius, height = 0.02, 0.05
    y, x = np.mgrid[-radius:radius:PIXEL_M, -radius:radius:PIXEL_M]
    top = np.stack([x + 0.5, y + 0.1, np.full_like(x, height)], axis=-1)
    top[np.hypot(x, y) > radius] = np.nan
    angles = np.linspace(0.0, math.pi, 16)
    outline = np.column_stack([0.5 + radius * np.cos(angles), 0.1 + radius * np.sin(angles)])
    item = measure(*seen(prism(outline, top, height)), 0.0)
    assert item is not None
    assert item.shape == "cylinder"
    assert item.yaw_rad == 0.0
    assert item.size_m == pytest.approx((0.04, 0.04, 0.05), abs=6e-3)


def test_a_few_points_are_not_measured() -> None:
    surface = np.full((2, 2, 3), 0.03)
    assert measure(*seen(surface), 0.0) is None


@settings(max_examples=40, deadline=None)
@given(yaw=st.floats(-math.pi, math.pi), radius=st.floats(0.014, 0.022), length=st.floats(0.045, 0.065))
def test_a_cylinder_that_lies_has_the_direction_of_its_axis(yaw: float, radius: float, length: float) -> None:
    turn = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
    u = np.arange(-length / 2.0, length / 2.0, PIXEL_M / 2.0)
    v = np.linspace(-0.9 * radius, 0.9 * radius, 15)
    flat = np.stack(np.meshgrid(u, v), axis=-1) @ turn.T + [0.5, 0.1]
    height = radius + np.sqrt(radius**2 - v**2)
    surface = np.concatenate([flat, np.broadcast_to(height[:, None, None], (*flat.shape[:2], 1))], axis=-1)
    measured = measure(*seen(surface), 0.0, "cylinder")
    assert measured is not None
    assert abs(math.remainder(measured.yaw_rad - yaw, math.pi)) < 0.05
    assert measured.size_m[0] == pytest.approx(length, abs=0.007)
    assert measured.size_m[2] == pytest.approx(2.0 * radius, abs=0.003)


@settings(max_examples=40, deadline=None)
@given(radius=st.floats(0.012, 0.024), height=st.floats(0.03, 0.07))
def test_a_cylinder_that_stands_is_not_taken_for_one_that_lies(radius: float, height: float) -> None:
    angles = np.linspace(math.pi, 2.0 * math.pi, 12)
    front = radius * np.column_stack([np.cos(angles), np.sin(angles)]) + [0.5, 0.1]
    side = np.arange(-radius, radius, PIXEL_M) + PIXEL_M / 2.0
    flat = np.stack(np.meshgrid(side, side), axis=-1)
    top = np.concatenate([flat + [0.5, 0.1], np.full((*flat.shape[:2], 1), height)], axis=-1)
    top[np.hypot(flat[..., 0], flat[..., 1]) > radius] = np.nan
    measured = measure(*seen(prism(front, top, height)), 0.0, "cylinder")
    assert measured is not None
    assert measured.size_m[2] == pytest.approx(height, abs=0.002)
    assert measured.size_m[0] == pytest.approx(2.0 * radius, abs=0.009)
    assert math.dist(measured.position_base[:2], (0.5, 0.1)) < 0.004

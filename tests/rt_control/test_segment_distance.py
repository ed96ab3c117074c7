from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rt_control.segment_distance import distance_between, distance_inside, distance_outside, distance_to_point

Array = npt.NDArray[np.float64]

# Round figures, so that parallel, crossing and touching segments, and points, are frequent.
coordinate = st.one_of(st.integers(-3, 3).map(float), st.floats(-3.0, 3.0))
point = arrays(np.float64, 3, elements=coordinate)
SHARES = np.linspace(0.0, 1.0, 201)[:, None]


def along(begin: Array, end: Array) -> Array:
    """Dense points of a segment: (201, 3)."""
    return begin + SHARES * (end - begin)


def half_step(begin: Array, end: Array) -> float:
    """Farthest that a point of the segment is from the nearest dense one."""
    return float(np.linalg.norm(end - begin)) / 400.0


@given(point, point, point, point)
@settings(max_examples=300, deadline=None)
def test_the_distance_of_two_segments_is_the_least_of_all_their_points(a: Array, b: Array, c: Array, d: Array) -> None:
    found = float(distance_between(a, b, c, d))
    sampled = float(np.linalg.norm(along(a, b)[:, None] - along(c, d), axis=2).min())
    assert sampled - half_step(a, b) - half_step(c, d) - 1e-9 <= found <= sampled + 1e-9


@given(point, point, point, point)
@settings(deadline=None)
def test_the_distance_is_the_same_from_either_side_and_end(a: Array, b: Array, c: Array, d: Array) -> None:
    found = float(distance_between(a, b, c, d))
    for turned in ((b, a, c, d), (a, b, d, c), (c, d, a, b)):
        assert float(distance_between(*turned)) == pytest.approx(found, abs=1e-9)


@given(point, point, point)
@settings(deadline=None)
def test_a_point_is_a_segment_without_length(a: Array, b: Array, c: Array) -> None:
    found = float(distance_to_point(a, b, c))
    assert float(distance_between(a, b, c, c)) == pytest.approx(found, abs=1e-9)
    assert found <= float(np.linalg.norm(along(a, b) - c, axis=1).min()) + 1e-9


def test_many_segments_at_once_are_each_by_itself() -> None:
    ends = np.random.default_rng(0).normal(size=(4, 5, 7, 3))
    many = distance_between(*ends)
    for index in np.ndindex(5, 7):
        assert many[index] == float(distance_between(*ends[(slice(None), *index)]))


@given(point, point, point, point)
@settings(max_examples=300, deadline=None)
def test_the_distance_from_a_box_is_the_least_of_all_points_of_the_segment(
    a: Array, b: Array, one: Array, other: Array
) -> None:
    lower, upper = np.minimum(one, other), np.maximum(one, other) + 0.1
    found = distance_outside(a, b, lower, upper)
    gaps = np.maximum(np.maximum(lower - along(a, b), along(a, b) - upper), 0.0)
    sampled = float(np.linalg.norm(gaps, axis=1).min())
    assert sampled - half_step(a, b) - 1e-9 <= found <= sampled + 1e-9


@given(point, point, point, point)
@settings(deadline=None)
def test_the_distance_inside_a_box_is_to_the_nearest_side_and_negative_outside(
    a: Array, b: Array, one: Array, other: Array
) -> None:
    lower, upper = np.minimum(one, other), np.maximum(one, other) + 0.1
    found = distance_inside(a, b, lower, upper)
    points = along(a, b)
    assert found == pytest.approx(float(np.minimum(points - lower, upper - points).min()), abs=1e-9)

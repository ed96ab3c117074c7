from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.action_chunk import ActionChunk, Trajectory
from policies.follower import SPACING_NS

MS = 1_000_000


def chunk(knots: np.ndarray, velocity: float = 0.0, begin_ns: int = 0) -> ActionChunk:
    return ActionChunk(begin_ns, np.zeros(1), np.array([velocity]), knots[:, None], 60 * MS, 0)


@given(st.lists(st.floats(-1.0, 1.0), min_size=2, max_size=16), st.floats(-2.0, 2.0))
def test_the_curve_passes_its_knots_and_begins_as_fast_as_the_robot_is(knots: list[float], velocity: float) -> None:
    dense = chunk(np.array(knots), velocity).dense()
    assert dense.points[0, 0] == pytest.approx(0.0, abs=1e-12)
    for index, knot in enumerate(knots, start=1):
        assert dense.points[6 * index, 0] == pytest.approx(knot, abs=1e-9)
    # A curve with jumps would move farther in the first step than its velocity tells, to first order.
    assert abs(dense.points[1, 0] - velocity * 0.01) <= 0.5 * 3000.0 * 0.01**2


def test_a_straight_line_stays_one() -> None:
    dense = chunk(0.06 * np.arange(1, 9), velocity=1.0).dense()
    assert dense.points[:, 0] == pytest.approx(0.01 * np.arange(len(dense.points)))
    assert dense.end_ns == 480 * MS


def test_a_trajectory_tells_where_it_is_and_how_fast() -> None:
    line = Trajectory(100 * MS, 0.01 * np.arange(11.0)[:, None])
    position, velocity = line.state_at(150 * MS)
    assert (position[0], velocity[0]) == pytest.approx((0.05, 1.0))
    assert line.between(155 * MS)[0] == pytest.approx(0.055)
    assert line.between(10 * MS)[0] == 0.0
    position, velocity = line.state_at(line.end_ns + SPACING_NS)
    assert (position[0], velocity[0]) == pytest.approx((0.10, 0.0))


def test_the_rest_keeps_its_times() -> None:
    line = Trajectory(100 * MS, 0.01 * np.arange(11.0)[:, None])
    rest = line.since(147 * MS)
    assert rest.begin_ns == 140 * MS
    assert rest.end_ns == line.end_ns
    assert rest.points[0, 0] == pytest.approx(0.04)

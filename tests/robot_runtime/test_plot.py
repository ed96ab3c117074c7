from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from robot_runtime.plot import Field, round_numbers


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_round_numbers_lie_between_the_ends_and_are_not_too_many(low: float, span: float) -> None:
    found = round_numbers(low, low + span)
    assert all(low - 1e-6 * span <= value <= low + span + 1e-6 * span for value in found)
    assert 2 <= len(found) <= 11


@given(st.floats(-10.0, 20.0), st.floats(-10.0, 20.0))
def test_every_point_is_drawn_inside_of_the_field(x: float, y: float) -> None:
    field = Field(90, 1100, 50, 600, (0.0, 10.0), (2.0, 3.0))
    column, row = field.at(x, y)
    assert 90 <= column <= 1100 and 50 <= row <= 600
    assert field.at(0.0, 2.0) == (90, 600) and field.at(10.0, 3.0) == (1100, 50)

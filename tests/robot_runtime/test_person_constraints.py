from __future__ import annotations

import pytest

from robot_runtime.person_constraints import person_constraints
from rt_control import _native as native


@pytest.mark.parametrize("distance_m", [0.0, 0.4, 1.5])
def test_a_person_is_told_by_distance_alone(distance_m: float) -> None:
    message = person_constraints(native.Source.fallback, 42, distance_m)
    assert (message.source, message.stamp_ns) == (native.Source.fallback, 42)
    assert message.person_distance_m == distance_m
    assert (message.speed_scale, message.margin_scale) == (1.0, 1.0)


def test_nobody_is_farther_than_any_person_and_not_unknown() -> None:
    message = person_constraints(native.Source.perception, 42, None)
    assert message.person_distance_m == native.NO_PERSON_DISTANCE

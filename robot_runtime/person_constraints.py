"""What a nearest person means to tier 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rt_control._native import Constraints, Source


def person_constraints(source: Source, stamp_ns: int, distance_m: float | None) -> Constraints:
    """The constraints of a source that measures the distance to people and asks for no other care.

    Args:
        source: who measures.
        stamp_ns: when it was measured.
        distance_m: of the nearest person to any part of the robot; None: looked, and nobody is there.
    """
    from rt_control import _native as native

    message = native.Constraints()
    message.source = source
    message.stamp_ns = stamp_ns
    message.speed_scale = 1.0
    message.margin_scale = 1.0
    message.person_distance_m = native.NO_PERSON_DISTANCE if distance_m is None else distance_m
    return message

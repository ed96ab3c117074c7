"""Distances between straight segments, and from segments to boxes; arrays of them at once, m."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_NO_LENGTH = 1e-18  # m2: a segment shorter than 1 nm is a point


def distance_between(begin: Array, end: Array, other_begin: Array, other_end: Array) -> Array:
    """Distance between the nearest points of two segments.

    Args:
        begin, end, other_begin, other_end: (..., 3), in one frame; they broadcast. A segment may be a point.

    After Ericson, Real-Time Collision Detection, 5.1.9; parallel segments need no case of their own, since the distance
    of each of the four ends to the other segment is looked at, too.
    """
    along, across, between = end - begin, other_end - other_begin, begin - other_begin
    a, b, e = _dot(along, along), _dot(along, across), _dot(across, across)
    c, f = _dot(along, between), _dot(across, between)
    divisor = a * e - b * b
    skew = divisor > 1e-12 * a * e
    safe = np.where(skew, divisor, 1.0)
    s, t = (b * f - c * e) / safe, (a * f - b * c) / safe
    inside = skew & (s >= 0.0) & (s <= 1.0) & (t >= 0.0) & (t <= 1.0)
    gap = between + s[..., None] * along - t[..., None] * across
    crossing = np.where(inside, np.linalg.norm(gap, axis=-1), np.inf)
    ends = (
        distance_to_point(begin, end, other_begin),
        distance_to_point(begin, end, other_end),
        distance_to_point(other_begin, other_end, begin),
        distance_to_point(other_begin, other_end, end),
    )
    least: Array = np.minimum.reduce([crossing, *ends])
    return least


def distance_to_point(begin: Array, end: Array, point: Array) -> Array:
    """Distance from a segment to a point; all (..., 3), in one frame."""
    along = end - begin
    length2 = _dot(along, along)
    share = np.clip(_dot(point - begin, along) / np.maximum(length2, _NO_LENGTH), 0.0, 1.0)
    gap: Array = np.linalg.norm(begin + share[..., None] * along - point, axis=-1)
    return gap


def distance_outside(begin: Array, end: Array, lower: Array, upper: Array) -> float:
    """Distance from one segment to a box whose sides are parallel to the axes of the frame; 0 where they meet.

    Between two places where the segment crosses a side's plane the square of the distance is one parabola.
    """
    along = end - begin
    with np.errstate(all="ignore"):
        crossings = np.concatenate(((lower - begin) / along, (upper - begin) / along))
    places = np.unique(np.clip(np.concatenate(([0.0, 1.0], crossings[np.isfinite(crossings)])), 0.0, 1.0))
    middle = (places[:-1] + places[1:])[:, None] / 2
    point = begin + middle * along
    outside = np.where(point < lower, 1.0, 0.0) + np.where(point > upper, 1.0, 0.0)
    side = np.where(point < lower, lower, upper)
    slope, rest = outside * along, outside * (begin - side)
    curvature = _dot(slope, slope)
    lowest = np.clip(-_dot(slope, rest) / np.maximum(curvature, _NO_LENGTH), places[:-1], places[1:])
    return float(np.linalg.norm(rest + lowest[:, None] * slope, axis=-1).min())


def distance_inside(begin: Array, end: Array, lower: Array, upper: Array) -> float:
    """Distance from one segment to the nearest side of the box that it is in; negative: an end is outside."""
    ends = np.stack((begin, end))
    return float(min((ends - lower).min(), (upper - ends).min()))


def _dot(one: Array, other: Array) -> Array:
    product: Array = np.einsum("...i,...i->...", one, other)
    return product

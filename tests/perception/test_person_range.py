from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.person_range import DepthNoise, distance_for_tier1_m, person_range

NOISE = DepthNoise(subpixel_px=0.08, baseline_m=0.05)
EXACT = DepthNoise(subpixel_px=0.0)
GIVEN: dict[str, Any] = {"distance_m": 1.0, "depth_m": 2.0, "fx": 600.0, "noise": NOISE}

metres = st.floats(0.0, 5.0)


def test_depth_noise_grows_with_the_square_of_the_distance() -> None:
    assert NOISE.std_m(1.0, 600.0) == pytest.approx(0.08 / 30.0)
    assert NOISE.std_m(2.0, 600.0) == pytest.approx(4.0 * NOISE.std_m(1.0, 600.0))
    assert DepthNoise(0.0, 0.05, floor_m=0.003).std_m(2.0, 600.0) == 0.003


def test_the_uncertainty_is_noise_pixel_and_what_the_robot_moved() -> None:
    found = person_range(**GIVEN, pixel_step=2, pose_age_s=0.01, robot_speed_mps=1.5, deviations=2.0)
    assert found.std_m == pytest.approx(4.0 * 0.08 / 30.0)
    assert found.pixel_m == pytest.approx(4.0 / 600.0)
    assert found.robot_shift_m == pytest.approx(0.015)
    assert found.uncertainty_m == pytest.approx(2.0 * found.std_m + found.pixel_m + found.robot_shift_m)
    assert found.careful_distance_m == pytest.approx(1.0 - found.uncertainty_m)


def test_an_exact_camera_leaves_the_pixel() -> None:
    found = person_range(1.0, 2.0, 600.0, EXACT)
    assert found.careful_distance_m == pytest.approx(1.0 - 2.0 / 600.0)


@given(distance=metres, depth=metres, beyond=st.floats(0.0, 0.5))
def test_what_tier_1_subtracts_itself_is_not_subtracted_twice(distance: float, depth: float, beyond: float) -> None:
    """After tier 1 subtracted its own, nothing less and nothing more than the larger of both is gone."""
    found = person_range(distance, depth, 600.0, NOISE)
    left = distance_for_tier1_m(found.distance_m, found.uncertainty_m, beyond) - beyond
    assert left == pytest.approx(max(distance - max(found.uncertainty_m, beyond), -beyond), abs=1e-12)


@given(distance=metres, depth=metres, more=metres)
def test_what_is_known_worse_is_nearer(distance: float, depth: float, more: float) -> None:
    near, far = (person_range(distance, depth + extra, 600.0, NOISE) for extra in (0.0, more))
    assert far.careful_distance_m <= near.careful_distance_m
    assert 0.0 <= far.careful_distance_m <= distance


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"distance_m": -0.1}, "distance_m is -0.1; it must be finite and at least 0"),
        ({"depth_m": math.nan}, "depth_m is nan; it must be finite and at least 0"),
        ({"fx": 0.0}, "fx, pixel_step are 0.0, 1; fx must exceed 0"),
        ({"pixel_step": 0}, "fx, pixel_step are 600.0, 0; fx must exceed 0 and pixel_step be at least 1"),
        ({"pose_age_s": math.inf}, "pose_age_s is inf; it must be finite"),
    ],
)
def test_what_cannot_be_measured_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        person_range(**{**GIVEN, **changed})


def test_a_camera_or_a_robot_file_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="baseline_m is 0.0; it must be finite and at least 0.001"):
        DepthNoise(baseline_m=0.0)
    with pytest.raises(ValueError, match="person_uncertainty_m, uncertainty_m are -0.1, 0.1; both at least 0"):
        distance_for_tier1_m(1.0, 0.1, -0.1)

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from perception.rectification import Rectifier
from tests.perception.stereo_pair import BASELINE_M, right_pose, turned, wall

ANGLES = st.tuples(*[st.floats(-0.06, 0.06)] * 3)


def test_a_rectified_pair_comes_back_as_it_is() -> None:
    left, right = wall(20.0)
    assert Rectifier().rectify(left, right) == (left, right)


@settings(max_examples=20, deadline=None)
@given(ANGLES, ANGLES, st.floats(-0.03, 0.03), st.floats(-0.03, 0.03))
def test_a_point_lies_in_the_same_row_of_both_rectified_images(
    turn_left: tuple[float, float, float], turn_right: tuple[float, float, float], y: float, z: float
) -> None:
    left, right = wall(20.0, height=240)
    right = replace(right, pose_base_from_camera=right_pose((BASELINE_M, y, z)), fx=315.0, cx=150.0)
    left, right = (
        turned(frame, Rotation.from_rotvec(turn).as_matrix())
        for frame, turn in ((left, turn_left), (right, turn_right))
    )
    first, second = Rectifier().rectify(left, right)
    points = np.random.default_rng(0).uniform([-0.3, -0.3, 0.8], [0.3, 0.3, 2.0], (30, 3))
    one, other = first.project(points), second.project(points)
    np.testing.assert_allclose(one[:, 1], other[:, 1], atol=1e-3)
    baseline = np.linalg.norm([BASELINE_M, y, z])
    np.testing.assert_allclose(one[:, 0] - other[:, 0], first.fx * baseline / one[:, 2], atol=1e-3)
    assert (first.fx, first.cx, first.cy) == (second.fx, second.cx, second.cy)


def test_the_maps_are_computed_once_for_a_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    computed = 0
    original = cv2.stereoRectify

    def counted(*args: Any, **kwargs: Any) -> object:
        nonlocal computed
        computed += 1
        return original(*args, **kwargs)

    monkeypatch.setattr(cv2, "stereoRectify", counted)
    rectifier = Rectifier()
    left, right = wall(20.0)
    right = turned(right, Rotation.from_rotvec([0.0, 0.02, 0.01]).as_matrix())
    for _ in range(3):
        rectifier.rectify(left, right)
    assert computed == 1
    rectifier.rectify(replace(left, cx=left.cx + 1.0), right)
    assert computed == 2


@pytest.mark.parametrize(
    "offset",
    [(-0.09, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.09, 0.0), (float("nan"), 0.0, 0.0)],
    ids=["exchanged", "one place", "one above the other", "unknown"],
)
def test_cameras_that_do_not_stand_side_by_side_are_refused(offset: tuple[float, float, float]) -> None:
    left, right = wall(20.0)
    right = replace(right, pose_base_from_camera=right_pose(offset))
    with pytest.raises(ValueError, match="'left' and 'right' are not a rectified pair and cannot be made one"):
        Rectifier().rectify(left, right)


def test_cameras_that_look_different_ways_are_refused() -> None:
    left, right = wall(20.0)
    right = turned(right, Rotation.from_rotvec([0.0, 0.8, 0.0]).as_matrix())
    with pytest.raises(ValueError, match="turned by 0.800 rad.*allowed: .*at most 0.5 rad.*calibrate them anew"):
        Rectifier().rectify(left, right)


def test_images_of_two_moments_or_sizes_are_refused() -> None:
    left, right = wall(20.0)
    with pytest.raises(ValueError, match="stamps 7 and 8 ns"):
        Rectifier().rectify(left, replace(right, stamp_ns=8))
    with pytest.raises(ValueError, match="not a pair of one moment and size"):
        Rectifier().rectify(left, replace(right, rgb=right.rgb[:, :-1]))

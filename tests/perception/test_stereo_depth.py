from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from perception.stereo import matcher_for
from perception.stereo_confidence import StereoConfidence
from perception.stereo_depth import StereoDepth, StereoMatcher
from rt_control.robot_file import RobotDescription
from sim.stereo_pairs import StereoPairs, with_noise
from tests.perception.stereo_pair import BASELINE_M, FOCAL_PX, frame, turned, wall

BINS = 10


def test_reliability_is_measured_as_it_is_meant() -> None:
    confidence = np.array([0.9] * 10 + [0.3] * 10)
    right = np.array([True] * 9 + [False] + [True] * 3 + [False] * 7)
    assert calibration_error(confidence, right) == pytest.approx(0.0)
    assert calibration_error(confidence, ~right) == pytest.approx(0.6)


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Mean over the pixels of the difference between the confidence and the share that is right, by tenths."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    members = [bins == index for index in range(BINS) if (bins == index).any()]
    return float(sum(abs(confidence[item].mean() - right[item].mean()) * item.mean() for item in members))


@settings(max_examples=15, deadline=None)
@given(st.floats(14.0, 40.0), st.integers(0, 100))
def test_a_textured_wall_is_where_it_is(disparity_px: float, seed: int) -> None:
    left, right = wall(disparity_px, seed)
    stereo = StereoMatcher(0.68, 2.4).depth(left, right)
    true_m = FOCAL_PX * BASELINE_M / disparity_px
    known = stereo.depth_m > 0.0
    assert known[:, 60:].mean() > 0.95
    assert (np.abs(stereo.depth_m - true_m) < stereo.tolerance_m)[known].mean() > 0.97
    assert np.median(stereo.confidence[known]) > 0.85


def test_the_deviation_grows_with_the_square_of_the_depth() -> None:
    near, far = (StereoMatcher(0.68, 2.4).depth(*wall(disparity_px)) for disparity_px in (32.0, 16.0))
    ratio = np.median(far.deviation_m[far.depth_m > 0.0]) / np.median(near.deviation_m[near.depth_m > 0.0])
    assert ratio == pytest.approx(4.0, rel=0.05)


def test_what_the_other_image_does_not_show_is_unknown_with_no_confidence() -> None:
    stereo = StereoMatcher(0.68, 2.4).depth(*wall(24.0))
    assert not stereo.depth_m[:, :12].any()
    assert not stereo.confidence[stereo.depth_m == 0.0].any()
    assert not stereo.deviation_m[stereo.depth_m == 0.0].any()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_images_that_do_not_belong_together_are_hardly_believed(seed: int) -> None:
    random = np.random.default_rng(seed)
    left, right = wall(20.0)
    noise = replace(right, rgb=random.integers(0, 255, right.rgb.shape).astype(np.uint8))
    stereo = StereoMatcher(0.68, 2.4).depth(left, noise)
    assert (stereo.confidence > 0.7).mean() < 0.02


def test_larger_images_are_matched_at_the_usual_size() -> None:
    left, right = wall(20.0)
    larger = []
    for item in (left, right):
        rgb = np.repeat(np.repeat(item.rgb, 2, axis=0), 2, axis=1)
        larger.append(
            replace(item, rgb=rgb, fx=2 * item.fx, fy=2 * item.fy, cx=2 * item.cx + 0.5, cy=2 * item.cy + 0.5)
        )
    stereo, usual = (StereoMatcher(0.68, 2.4).depth(*pair) for pair in (larger, (left, right)))
    np.testing.assert_array_equal(stereo.depth_m, usual.depth_m)
    assert (stereo.frame.fx, stereo.frame.cx, stereo.frame.cy) == (usual.frame.fx, usual.frame.cx, usual.frame.cy)


def test_an_image_of_one_colour_is_no_error() -> None:
    flat = np.full((120, 320, 3), 90, np.uint8)
    left, right = wall(20.0)
    stereo = StereoMatcher(0.68, 2.4).depth(frame(flat), replace(right, rgb=flat.copy()))
    assert np.isfinite(stereo.depth_m).all()
    assert ((stereo.confidence >= 0.0) & (stereo.confidence <= 1.0)).all()


@pytest.mark.parametrize(("nearest", "farthest"), [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0)])
def test_a_range_that_makes_no_sense_is_refused(nearest: float, farthest: float) -> None:
    with pytest.raises(ValueError, match="it must be 0 < nearest < farthest"):
        StereoMatcher(nearest, farthest)


def test_weights_of_other_features_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights are of \['texture'\]; they must be of .*; fit them anew"):
        StereoConfidence(0.4, 0.0, {"texture": 1.0})


@pytest.fixture(scope="module")
def pairs(description: RobotDescription) -> Iterator[StereoPairs]:
    cv2.setNumThreads(1)
    made = StereoPairs(description)
    yield made
    made.close()


@pytest.mark.sim
@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_the_confidence_is_the_share_that_is_right(
    noise: float, pairs: StereoPairs, description: RobotDescription
) -> None:
    confidence, right = [], []
    for seed in range(12):
        pair = pairs.take(seed)
        stereo = matcher_for(description.workcell, pair.left).depth(*with_noise(pair, noise, seed))
        known = stereo.depth_m > 0.0
        confidence.append(stereo.confidence[known])
        right.append((np.abs(stereo.depth_m - pair.depth_m) < stereo.tolerance_m)[known])
    assert calibration_error(np.concatenate(confidence), np.concatenate(right)) <= 0.05


@pytest.mark.sim
def test_a_pair_that_is_not_rectified_gives_about_the_same_points(
    pairs: StereoPairs, description: RobotDescription
) -> None:
    pair = pairs.take(1)
    left, right = (
        turned(item, Rotation.from_rotvec(turn).as_matrix())
        for item, turn in ((pair.left, (0.02, -0.01, 0.01)), (pair.right, (-0.01, 0.015, -0.02)))
    )
    stereo = matcher_for(description.workcell, left).depth(left, right)
    straight = matcher_for(description.workcell, pair.left).depth(pair.left, pair.right)
    shares = [_share_right(item, pair.left.project, pair.depth_m) for item in (stereo, straight)]
    assert shares[0] > shares[1] - 0.1


def _share_right(stereo: StereoDepth, project, true_m: np.ndarray) -> float:  # type: ignore[no-untyped-def]
    """Of the confident pixels, the share that lies within the tolerance of the true depth of the original camera."""
    sure = stereo.confidence > 0.7
    pixels = project(stereo.frame.points_base()[sure])
    columns, rows = np.rint(pixels[:, 0]).astype(int), np.rint(pixels[:, 1]).astype(int)
    inside = (columns >= 0) & (rows >= 0) & (columns < true_m.shape[1]) & (rows < true_m.shape[0])
    error = np.abs(pixels[inside, 2] - true_m[rows[inside], columns[inside]])
    return float((error < stereo.tolerance_m[sure][inside]).mean())

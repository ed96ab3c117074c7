from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from models.adapters.rtmpose import ADAPTER
from models.errors import ModelOutputError
from models.preprocessing import PreparedImage
from rt_control.errors import InputError
from tests.models.adapters.rig import Written, manifest, photograph

HOW = ADAPTER.preprocessing
NAMES: list[Any] = ["nose", "hand"]


def written(bins: list[tuple[int, int]], value: float = 0.8) -> Written:
    x, y = np.zeros((1, 2, 384), dtype=np.float32), np.zeros((1, 2, 512), dtype=np.float32)
    for point, (column, row) in enumerate(bins):
        x[0, point, column], y[0, point, row] = value, value / 2
    return Written({"input": ("n", 3, 256, 192)}, {"simcc_x": x, "simcc_y": y})


def estimator(network: Written, **parameters: Any) -> Any:
    return ADAPTER.make(network, manifest(ADAPTER, HOW, parameters or {"keypoint_names": NAMES}))


@given(st.integers(0, 383), st.integers(0, 511))
def test_a_peak_is_a_point_at_its_pixel_of_the_crop(column: int, row: int) -> None:
    box = np.array([[100.0, 50.0, 196.0, 178.0]], dtype=np.float32)  # 96 x 128: 3:4 already
    found = estimator(written([(column, row), (0, 0)])).locate(photograph(), box)
    width, height = 1.25 * 96, 1.25 * 128
    left, top = 148.0 - width / 2, 114.0 - height / 2
    # Pixel c of the crop, counted from the middle of the first one, lies at (c + 0.5) / 192 of the window.
    expected = [left + (column / 2 + 0.5) / 192 * width - 0.5, top + (row / 2 + 0.5) / 256 * height - 0.5]
    np.testing.assert_allclose(found.points[0, 0], expected, atol=1e-3)
    assert found.scores[0, 0] == pytest.approx(0.4)  # the smaller one of both axes


def test_a_bright_spot_is_found_where_it_is() -> None:
    rgb = np.zeros((480, 640, 3), dtype=np.uint8)
    rgb[300:303, 250:253] = 255  # its middle is pixel (251, 301)

    def answer(inputs: Any) -> Any:
        brightness = inputs["input"][:, 1]
        weight = brightness - brightness.min()
        across, down = weight.sum(axis=1), weight.sum(axis=2)
        return {"simcc_x": np.repeat(across, 2, axis=1)[:, None], "simcc_y": np.repeat(down, 2, axis=1)[:, None]}

    network = Written({"input": ("n", 3, 256, 192)}, answer)
    network.outputs = Written({}, {name: np.zeros((1, 1, 384)) for name in ("simcc_x", "simcc_y")}).outputs
    pose = estimator(network, keypoint_names=["spot"])
    point = pose.locate(PreparedImage(rgb), np.array([[200.0, 200.0, 300.0, 400.0]]))
    np.testing.assert_allclose(point.points[0, 0], [251.0, 301.0], atol=1.5)


@given(st.integers(-50, 50), st.integers(-50, 50))
def test_a_box_that_is_shifted_shifts_the_points(right: int, down: int) -> None:
    pose = estimator(written([(10, 500), (300, 20)]))
    box = np.array([[200.0, 150.0, 260.0, 300.0]])
    there = pose.locate(photograph(), box).points
    moved = pose.locate(photograph(), box + [right, down, right, down]).points
    np.testing.assert_allclose(moved - there, np.broadcast_to([right, down], there.shape), atol=1e-3)


def test_a_peak_of_nothing_scores_nothing_and_more_than_everything_one() -> None:
    box = np.array([[200.0, 150.0, 260.0, 300.0]])
    assert estimator(written([(5, 5), (5, 5)], -1.0)).locate(photograph(), box).scores.tolist() == [[0.0, 0.0]]
    assert estimator(written([(5, 5), (5, 5)], 4.0)).locate(photograph(), box).scores.tolist() == [[1.0, 1.0]]


def test_no_boxes_cost_no_run() -> None:
    network = written([])
    found = estimator(network).locate(photograph(), np.empty((0, 4)))
    assert found.points.shape == (0, 2, 2) and found.scores.shape == (0, 2) and network.asked == []
    assert found.names == ("nose", "hand")


def test_bins_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ModelOutputError, match=r"'simcc_x': 1 of 768 values are not finite"):
        estimator(written([(1, 1)], float("nan"))).locate(photograph(), np.array([[0.0, 0.0, 9.0, 9.0]]))


def test_points_without_names_and_windows_that_distort_are_refused() -> None:
    with pytest.raises(InputError, match=r"missing required field `keypoint_names`"):
        ADAPTER.make(written([]), manifest(ADAPTER, HOW))
    with pytest.raises(InputError, match=r"1 keypoint_names; allowed: 2"):
        estimator(written([]), keypoint_names=["nose"])
    with pytest.raises(InputError, match=r"window 'square'; allowed: 'aspect'"):
        ADAPTER.make(written([]), manifest(ADAPTER, replace(HOW, window="square"), {"keypoint_names": NAMES}))

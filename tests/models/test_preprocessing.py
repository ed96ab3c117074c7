from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.preprocessing import PreparedImage, Preprocessing, square_windows, windows_around

SIDES = st.floats(1.0, 200.0)


@given(SIDES, SIDES, st.floats(0.0, 0.5), st.floats(0.3, 3.0))
def test_a_window_has_its_aspect_and_is_no_larger_than_the_box_and_its_margin_need(
    width: float, height: float, margin: float, aspect: float
) -> None:
    window = windows_around(np.array([[10.0, 20.0, 10.0 + width, 20.0 + height]]), margin, aspect)[0].astype(float)
    size = window[2:] - window[:2]
    assert size[0] / size[1] == pytest.approx(aspect, rel=1e-3)
    middle = np.array([10.0 + width / 2.0, 20.0 + height / 2.0])
    np.testing.assert_allclose((window[:2] + window[2:]) / 2.0, middle, atol=1e-3)
    grown = np.array([width, height]) * (1.0 + 2.0 * margin)
    assert (size >= grown * 0.999).all() and (size <= grown * 1.001).any() or max(width, height * aspect) <= 1.0


def test_square_windows_are_those_of_aspect_one() -> None:
    boxes = np.array([[0.0, 0.0, 10.0, 30.0], [5.0, 5.0, 5.0, 5.0]])
    np.testing.assert_array_equal(square_windows(boxes, 0.2), windows_around(boxes, 0.2, 1.0))
    np.testing.assert_allclose(square_windows(boxes, 0.0), [[-10.0, 0.0, 20.0, 30.0], [4.5, 4.5, 5.5, 5.5]])


def test_what_is_cut_out_with_the_aspect_of_the_input_is_not_distorted() -> None:
    rgb = np.zeros((200, 200, 3), dtype=np.uint8)
    rgb[90:110, 90:110] = 255
    how = Preprocessing(30, 40, window="aspect")
    inputs, windows = PreparedImage(rgb).crops(np.array([[85.0, 70.0, 115.0, 130.0]]), how)
    np.testing.assert_allclose(windows, [[77.5, 70.0, 122.5, 130.0]])
    white = inputs[0, 0] > 0.5
    assert white.any(axis=0).sum() == pytest.approx(white.any(axis=1).sum(), abs=1)


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
def test_boxes_go_to_the_input_and_back(fit: str) -> None:
    _, placement = PreparedImage(np.zeros((333, 517, 3), dtype=np.uint8)).whole(Preprocessing(640, 640, fit=fit))  # type: ignore[arg-type]
    boxes = np.array([[0.0, 0.0, 517.0, 333.0], [10.0, 20.0, 30.0, 40.0]], dtype=np.float32)
    there = placement.boxes_to_input(boxes)
    np.testing.assert_allclose(placement.boxes_to_image(there), boxes, atol=1e-3)
    np.testing.assert_allclose(there[0, [0, 2]], [0.0, 640.0], atol=1e-3)

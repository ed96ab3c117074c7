from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.adapters.simcc import hard_maximum, points_in_image, soft_maximum


@given(st.integers(0, 127))
def test_one_high_bin_is_that_bin(at: int) -> None:
    row = np.zeros((1, 1, 128), dtype=np.float32)
    row[..., at] = 50.0
    best, value = hard_maximum(row)
    mean, sure = soft_maximum(row)
    assert best.item() == at and value.item() == 50.0
    assert mean.item() == pytest.approx(at, abs=1e-4)
    assert sure.item() == pytest.approx(1.0, abs=1e-5)


@given(st.floats(5.0, 122.0))
def test_a_bump_between_bins_is_found_between_them(middle: float) -> None:
    logits = -((np.arange(128, dtype=np.float32) - np.float32(middle)) ** 2) / 2.0
    assert soft_maximum(logits[None])[0].item() == pytest.approx(middle, abs=0.01)


def test_a_far_bump_does_not_pull() -> None:
    logits = np.full((1, 128), -20.0, dtype=np.float32)
    logits[0, 30], logits[0, 90] = 5.0, 4.9
    assert soft_maximum(logits)[0].item() == pytest.approx(30.0, abs=1e-3)


def test_bins_that_are_all_alike_are_not_sure() -> None:
    assert soft_maximum(np.zeros((1, 128), dtype=np.float32))[1].item() == pytest.approx(0.0, abs=1e-5)


@given(st.integers(0, 127), st.integers(0, 127))
def test_the_middles_of_bins_lie_evenly_over_the_window(x: int, y: int) -> None:
    window = np.array([[10.0, 20.0, 74.0, 148.0]], dtype=np.float32)
    bins = (np.array([[x]], dtype=np.float32), np.array([[y]], dtype=np.float32))
    point = points_in_image(*bins, (128, 128), 0.5, window)[0, 0]
    np.testing.assert_allclose(point, [10.0 + (x + 0.5) / 2.0 - 0.5, 20.0 + (y + 0.5) - 0.5], atol=1e-4)

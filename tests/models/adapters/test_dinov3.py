from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from models.adapters.dinov3 import ADAPTER, pooled
from models.errors import ModelOutputError
from rt_control.errors import InputError
from tests.models.adapters.rig import Written, manifest, photograph

HOW = replace(ADAPTER.preprocessing, width=64, height=48)  # 3 rows and 4 columns of patches


def written(patches: np.ndarray) -> Written:
    leading = np.full((5, patches.shape[-1]), 100.0, dtype=np.float32)
    tokens = np.concatenate([leading, patches.reshape(-1, patches.shape[-1])])[None].astype(np.float32)
    return Written({"pixel_values": (1, 3, 48, 64)}, {"last_hidden_state": tokens})


def extractor(patches: np.ndarray) -> Any:
    return ADAPTER.make(written(patches), manifest(ADAPTER, HOW))


ONE_HOT = np.eye(12, dtype=np.float32).reshape(3, 4, 12)


def test_a_box_over_one_patch_is_that_patch() -> None:
    boxes = np.array([[col * 160, row * 160, (col + 1) * 160, (row + 1) * 160] for row in range(3) for col in range(4)])
    vectors = extractor(ONE_HOT).extract(photograph(640, 480), boxes.astype(np.float32)).vectors
    np.testing.assert_allclose(vectors, np.eye(12), atol=1e-5)


def test_a_box_smaller_than_a_patch_is_the_patch_it_lies_in() -> None:
    vectors = extractor(ONE_HOT).extract(photograph(640, 480), np.array([[500.0, 350.0, 510.0, 360.0]])).vectors
    np.testing.assert_allclose(vectors, np.eye(12)[[11]], atol=1e-6)


@given(st.floats(0.0, 3.0), st.floats(0.0, 2.0), st.floats(0.1, 1.0), st.floats(0.1, 1.0))
def test_each_patch_counts_for_as_much_as_the_box_covers_of_it(
    left: float, top: float, width: float, height: float
) -> None:
    box = np.array([[left, top, left + width, top + height]], dtype=np.float32)
    vector = pooled(ONE_HOT, box)[0].reshape(3, 4)
    steps = (np.arange(400) + 0.5) / 400.0
    across = np.bincount((left + width * steps).astype(int), minlength=4)[:4]
    down = np.bincount((top + height * steps).astype(int), minlength=3)[:3]
    fine = np.outer(down, across)
    np.testing.assert_allclose(vector, fine / np.linalg.norm(fine), atol=0.03)


def test_all_vectors_have_length_one() -> None:
    patches = np.random.default_rng(0).standard_normal((3, 4, 7)).astype(np.float32)
    boxes = np.array([[0, 0, 640, 480], [3, 4, 5, 6], [-50, -50, 20, 20]], dtype=np.float32)
    vectors = extractor(patches).extract(photograph(), boxes).vectors
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)


def test_no_boxes_cost_no_run_and_have_the_size_of_the_others() -> None:
    network = written(ONE_HOT)
    features = ADAPTER.make(network, manifest(ADAPTER, HOW)).extract(photograph(), np.empty((0, 4)))  # type: ignore[attr-defined]
    assert features.vectors.shape == (0, 12) and network.asked == []


@pytest.mark.parametrize("box", [[700.0, 10.0, 800.0, 20.0], [10.0, 10.0, 10.0, 50.0]])
def test_a_box_that_covers_nothing_of_the_image_is_refused(box: list[float]) -> None:
    with pytest.raises(ValueError, match=r"in an image of 640 x 480 px; allowed: one that covers some of it"):
        extractor(ONE_HOT).extract(photograph(), np.array([[0, 0, 10, 10], box], dtype=np.float32))


def test_patches_without_direction_or_not_finite_are_refused() -> None:
    with pytest.raises(ModelOutputError, match="the patches of a box have mean 0"):
        extractor(np.zeros((3, 4, 5))).extract(photograph(), np.array([[0.0, 0.0, 9.0, 9.0]]))
    with pytest.raises(ModelOutputError, match=r"'last_hidden_state': 60 of 85 values are not finite"):
        extractor(np.full((3, 4, 5), np.nan)).extract(photograph(), np.array([[0.0, 0.0, 9.0, 9.0]]))


def test_tokens_of_another_transformer_are_refused() -> None:
    network = Written({"pixel_values": (1, 3, 48, 64)}, {"last_hidden_state": np.zeros((1, 13, 8), dtype=np.float32)})
    with pytest.raises(InputError, match=r"13 tokens for 64 x 48 px; allowed: 17, those of a DINOv3"):
        ADAPTER.make(network, manifest(ADAPTER, HOW))

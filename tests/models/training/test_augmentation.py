from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.training.augmentation import other_camera, random_zoom, warp, zoomed_boxes
from models.training.dataset import visible_boxes

WIDTH, HEIGHT = 160, 120


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40)
def test_a_zoomed_box_encloses_the_zoomed_pixels_and_no_more(seed: int) -> None:
    random = np.random.default_rng(seed)
    left, top = int(random.integers(50, 80)), int(random.integers(40, 60))
    width, height = (int(value) for value in random.integers(5, 25, 2))
    instance = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    instance[top : top + height, left : left + width] = 1
    zoom = random_zoom(random, WIDTH, HEIGHT)
    (box,) = zoomed_boxes(visible_boxes(instance)[1:2], zoom)
    seen = visible_boxes(np.asarray(warp(instance, zoom, cv2.INTER_NEAREST, 0.0), dtype=np.uint8))[1]
    inside = np.clip(box, 0.0, [WIDTH, HEIGHT, WIDTH, HEIGHT])
    np.testing.assert_allclose(seen, inside, atol=1.01)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_a_zoom_keeps_right_angles_and_mirrors_only_sideways(seed: int) -> None:
    zoom = random_zoom(np.random.default_rng(seed), WIDTH, HEIGHT)
    assert zoom[0, 1] == zoom[1, 0] == 0.0
    assert abs(zoom[0, 0]) == zoom[1, 1] > 0.0


def test_no_zoom_leaves_an_image_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    np.testing.assert_array_equal(warp(image, np.eye(3)[:2], cv2.INTER_LINEAR, None), image)


def test_a_mirrored_image_is_mirrored_to_the_pixel() -> None:
    image = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH), dtype=np.uint8)
    mirror = np.array([[-1.0, 0.0, WIDTH], [0.0, 1.0, 0.0]])
    np.testing.assert_array_equal(warp(image, mirror, cv2.INTER_LINEAR, None), image[:, ::-1])


def test_what_is_not_there_stays_so_when_zoomed() -> None:
    boxes = np.full((1, 4), np.nan, dtype=np.float32)
    assert np.isnan(zoomed_boxes(boxes, random_zoom(np.random.default_rng(0), WIDTH, HEIGHT))).all()


@pytest.mark.parametrize("seed", range(5))
def test_another_camera_takes_an_image_of_the_same_size_and_the_same_one_for_a_seed(seed: int) -> None:
    image = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    once, again = (other_camera(np.random.default_rng(seed), image.copy()) for _ in range(2))
    assert (once.shape, once.dtype) == (image.shape, image.dtype)
    np.testing.assert_array_equal(once, again)
    assert (once != image).any()

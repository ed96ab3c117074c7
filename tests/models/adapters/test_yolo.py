from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from models.adapters.yolo import ADAPTER
from models.errors import ModelOutputError
from models.preprocessing import PreparedImage
from rt_control.errors import InputError
from tests.models.adapters.rig import Written, manifest, photograph

NAMES = ("person", "cup", "box")
Thing = tuple[list[float], float, int]  # box px of the image, score, class


def in_input(image: PreparedImage, box: list[float]) -> np.ndarray:
    _, placement = image.whole(ADAPTER.preprocessing)
    return np.asarray(placement.boxes_to_input(np.array([box], dtype=np.float32))[0])


def raw(image: PreparedImage, things: list[Thing], anchors: int = 50) -> np.ndarray:
    output = np.zeros((1, 4 + len(NAMES), anchors), dtype=np.float32)
    for anchor, (box, score, label) in enumerate(things):
        left, top, right, bottom = in_input(image, box)
        output[0, :4, anchor] = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
        output[0, 4 + label, anchor] = score
    return output


def end_to_end(image: PreparedImage, things: list[Thing]) -> np.ndarray:
    output = np.zeros((1, 300, 6), dtype=np.float32)
    for row, (box, score, label) in enumerate(things):
        output[0, row] = *in_input(image, box), score, label
    return output


def detector(output: np.ndarray, names: Sequence[str] = NAMES, **parameters: Any) -> Any:
    network = Written({"images": (1, 3, 640, 640)}, {"output0": output})
    return ADAPTER.make(network, manifest(ADAPTER, ADAPTER.preprocessing, parameters, names))


@settings(max_examples=30)  # each of them makes an image of 640 x 640
@given(st.integers(40, 900), st.integers(40, 900), st.lists(st.floats(0.05, 0.95), min_size=4, max_size=4))
def test_a_box_comes_out_where_it_is_in_the_image_through_the_letterbox(
    width: int, height: int, shares: list[float]
) -> None:
    image = PreparedImage(np.zeros((height, width, 3), dtype=np.uint8))
    left, right = sorted(share * width for share in shares[:2])
    top, bottom = sorted(share * height for share in shares[2:])
    box = [left, top, right + 1.0, bottom + 1.0]
    for output in (raw(image, [(box, 0.9, 1)]), end_to_end(image, [(box, 0.9, 1)])):
        found = detector(output).detect(image)
        np.testing.assert_allclose(found.boxes, [box], atol=2e-3 * max(width, height) / 640 + 1e-3)
        assert found.labels.tolist() == [1] and found.scores == pytest.approx([0.9])


def test_both_forms_say_the_same() -> None:
    image = photograph()
    things: list[Thing] = [([50, 60, 120, 200], 0.8, 0), ([300, 100, 400, 180], 0.6, 2), ([10, 300, 90, 470], 0.95, 1)]
    one, other = detector(raw(image, things)).detect(image), detector(end_to_end(image, things)).detect(image)
    np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-3)
    np.testing.assert_allclose(one.scores, other.scores)
    assert one.labels.tolist() == other.labels.tolist() == [1, 0, 2]


@given(st.integers(-200, 200), st.integers(-100, 100))
def test_boxes_that_are_shifted_shift_the_result(right: int, down: int) -> None:
    image = photograph()
    box = np.array([250.0, 150.0, 350.0, 300.0])
    shift = np.array([right, down, right, down])
    found = detector(raw(image, [((box + shift).tolist(), 0.9, 0)])).detect(image)
    np.testing.assert_allclose(found.boxes, [box + shift], atol=2e-3)


def test_of_boxes_that_overlap_the_best_of_each_class_stays() -> None:
    image = photograph()
    things: list[Thing] = [
        ([100, 100, 200, 200], 0.7, 0),
        ([104, 100, 204, 200], 0.9, 0),
        ([102, 100, 202, 200], 0.5, 1),
    ]
    found = detector(raw(image, things)).detect(image)
    assert found.scores == pytest.approx([0.9, 0.5])
    assert found.labels.tolist() == [0, 1]


def test_what_scores_too_little_is_dropped_and_only_so_many_stay() -> None:
    image = photograph()
    things: list[Thing] = [([100 * i, 100, 100 * i + 50, 200], 0.1 * (i + 1), 0) for i in range(6)]
    for output in (raw(image, things), end_to_end(image, things)):
        assert detector(output, score_floor=0.35).detect(image).scores == pytest.approx([0.6, 0.5, 0.4])
        assert detector(output, max_count=2).detect(image).scores == pytest.approx([0.6, 0.5])


def test_boxes_are_cut_at_the_edge_of_the_image_and_those_beyond_it_are_none() -> None:
    image = photograph()
    things: list[Thing] = [([-30, -20, 50, 700], 0.9, 0), ([100, 500, 200, 550], 0.8, 0)]  # below the image: grey
    assert detector(raw(image, things)).detect(image).boxes == pytest.approx(np.array([[0, 0, 50, 480]]), abs=1e-3)


def test_an_image_of_nothing_has_no_detections() -> None:
    for output in (raw(photograph(), []), end_to_end(photograph(), [])):
        found = detector(output).detect(photograph())
        assert found.boxes.shape == (0, 4) and found.scores.shape == (0,) and found.labels.shape == (0,)


def test_a_thousand_of_boxes_above_the_floor_are_still_the_best_ones() -> None:
    random = np.random.default_rng(0)
    output = random.uniform(0.3, 0.9, (1, 7, 8400)).astype(np.float32)
    output[0, :4] *= 640
    output[0, 4, 1234] = 1.0
    found = detector(output).detect(photograph(640, 640))
    assert len(found.boxes) <= 300 and found.scores[0] == 1.0


@pytest.mark.parametrize("form", [raw, end_to_end])
def test_outputs_that_are_not_finite_are_refused(form: Any) -> None:
    output = form(photograph(), [])
    output[0, 2, 3] = np.nan
    with pytest.raises(ModelOutputError, match=r"'output0': 1 of \d+ values are not finite"):
        detector(output).detect(photograph())


def test_a_class_without_a_name_is_refused() -> None:
    image = photograph()
    with pytest.raises(ModelOutputError, match=r"names classes 7 to 7; allowed: 0 to 2"):
        detector(end_to_end(image, [([0, 0, 10, 10], 0.9, 7)])).detect(image)


def test_a_network_of_other_classes_or_another_task_is_refused() -> None:
    for names in ((), ("person",)):
        with pytest.raises(InputError, match=rf"class_names: {len(names)}; allowed: one for each of 3 classes"):
            detector(raw(photograph(), []), names)
    with pytest.raises(InputError, match=r"class_names: 3; allowed: one for each of 35 classes"):
        detector(np.zeros((1, 39, 50), dtype=np.float32))  # with mask coefficients


def test_a_shape_that_is_seen_only_in_a_run_is_refused_there() -> None:
    network = Written({"images": (1, 3, "h", "w")}, {"output0": np.zeros((1, 39, 50), dtype=np.float32)})
    made = manifest(ADAPTER, ADAPTER.preprocessing, {}, NAMES)
    network.outputs = Written({}, {"output0": np.zeros((1, 7, 6))}).outputs  # as of an end-to-end network
    with pytest.raises(
        ModelOutputError, match=r"shape \(1, 39, 50\); allowed for 3 classes: \(1, 7, anchors\) or \(1, count, 6\)"
    ):
        ADAPTER.make(network, made).detect(photograph())  # type: ignore[attr-defined]


def test_preprocessing_that_does_not_suit_is_refused() -> None:
    network = Written({"images": (1, 3, 640, 640)}, {"output0": np.zeros((1, 7, 50), dtype=np.float32)})
    for how, message in (
        (replace(ADAPTER.preprocessing, width=320), "320 x 640 px; input 'images' takes 640 x 640"),
        (replace(ADAPTER.preprocessing, mean=(0.5, 0.5, 0.5)), "mean or deviation; allowed: none"),
    ):
        with pytest.raises(InputError, match=message):
            ADAPTER.make(network, manifest(ADAPTER, how, {}, NAMES))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"floor": 0.5}, r"unknown field `floor`; yolo knows score_floor, max_overlap, max_count"),
        ({"score_floor": 1.5}, r"`float` <= 1.0 - at `\$.score_floor`"),
        ({"max_count": "many"}, r"Expected `int`, got `str` - at `\$.max_count`"),
    ],
)
def test_postprocessing_that_is_not_understood_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        detector(raw(photograph(), []), **parameters)

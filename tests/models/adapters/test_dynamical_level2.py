from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.adapters.dynamical_level2 import ADAPTER, POINT_NAMES
from models.errors import ModelOutputError
from models.last_run import LastRun
from tests.models.adapters.rig import Written, manifest, photograph

NAMES = ("cube", "box", "cylinder", "ball")
BOX = np.array([[200.0, 100.0, 240.0, 140.0]], dtype=np.float32)
WINDOW = np.array([186.0, 86.0, 254.0, 154.0])  # 0.35 of 40 px at each side


def answers(count: int = 1) -> dict[str, np.ndarray]:
    shapes = {"embedding": (64,), "class_logits": (4,), "mask_logits": (1, 32, 32)}
    shapes |= {"simcc_x": (9, 128), "simcc_y": (9, 128), "log_extents": (3,)}
    given = {name: np.zeros((count, *shape), dtype=np.float32) for name, shape in shapes.items()}
    given["embedding"][:, 0] = 2.0
    return given


def written(given: dict[str, np.ndarray]) -> Written:
    return Written({"crops": ("n", 3, 64, 64)}, given)


def level(network: Any) -> Any:
    return ADAPTER.make(network, manifest(ADAPTER, ADAPTER.preprocessing, {}, NAMES))


@given(st.integers(0, 127), st.integers(0, 127))
def test_a_peak_is_a_point_at_its_place_in_the_window(column: int, row: int) -> None:
    given_ = answers()
    given_["simcc_x"][0, 8, column] = given_["simcc_y"][0, 8, row] = 40.0
    found = level(written(given_)).locate(photograph(), BOX)
    expected = WINDOW[:2] + np.array([(column + 0.5) / 2, (row + 0.5) / 2]) / 64.0 * 68.0 - 0.5
    np.testing.assert_allclose(found.points[0, 8], expected, atol=1e-3)
    assert found.scores[0, 8] == pytest.approx(1.0, abs=1e-5)
    assert found.scores[0, 0] == pytest.approx(0.0, abs=1e-5)  # where all bins are alike


def test_the_corners_are_named_with_x_slowest() -> None:
    assert POINT_NAMES == ("---", "--+", "-+-", "-++", "+--", "+-+", "++-", "+++", "centre")


def test_the_largest_extent_is_one_and_the_others_are_relative_to_it() -> None:
    given_ = answers()
    given_["log_extents"][0] = np.log([0.02, 0.08, 0.04])
    extents = level(written(given_)).locate(photograph(), BOX).extents
    np.testing.assert_allclose(extents, [[0.25, 1.0, 0.5]], rtol=1e-5)


def test_vectors_have_length_one_and_class_scores_sum_to_one() -> None:
    given_ = answers()
    given_["embedding"][0, :2] = 3.0, 4.0
    given_["class_logits"][0] = np.log([1.0, 2.0, 3.0, 4.0])
    features = level(written(given_)).extract(photograph(), BOX)
    np.testing.assert_allclose(features.vectors[0, :2], [0.6, 0.8], rtol=1e-6)
    np.testing.assert_allclose(features.class_scores, [[0.1, 0.2, 0.3, 0.4]], rtol=1e-5)
    assert features.names == NAMES


def test_a_mask_covers_the_window_and_scores_what_its_pixels_do() -> None:
    given_ = answers()
    given_["mask_logits"][:] = -50.0
    given_["mask_logits"][0, 0, :8] = np.log(4.0)  # 0.8
    masks = level(written(given_)).segment(photograph(), BOX)
    np.testing.assert_allclose(masks.windows, [WINDOW], atol=1e-3)
    assert masks.probability[0, 7, 0] == pytest.approx(0.8) and masks.probability[0, 8, 0] == pytest.approx(0.0)
    assert masks.scores == pytest.approx([0.8])


def test_a_mask_of_nothing_scores_nothing() -> None:
    given_ = answers()
    given_["mask_logits"][:] = -50.0
    assert level(written(given_)).segment(photograph(), BOX).scores.tolist() == [0.0]


def test_no_boxes_have_empty_results_and_cost_no_run() -> None:
    network = written(answers())
    made, image, none = level(network), photograph(), BOX[:0]
    features, masks, points = made.extract(image, none), made.segment(image, none), made.locate(image, none)
    assert features.vectors.shape == (0, 64) and features.class_scores.shape == (0, 4)
    assert masks.probability.shape == (0, 32, 32) and masks.windows.shape == (0, 4) and masks.scores.shape == (0,)
    assert points.points.shape == (0, 9, 2) and points.scores.shape == (0, 9) and points.extents.shape == (0, 3)
    assert network.asked == []


def test_three_questions_about_the_same_boxes_cost_one_run() -> None:
    network = written(answers())
    made, image = level(LastRun(network)), photograph()
    made.extract(image, BOX), made.segment(image, BOX), made.locate(image, BOX.copy())
    assert len(network.asked) == 1
    made.locate(image, BOX + 1.0)
    assert len(network.asked) == 2


def test_a_vector_of_nothing_is_refused() -> None:
    given_ = answers()
    given_["embedding"][:] = 0.0
    with pytest.raises(ModelOutputError, match="output 'embedding': a vector is 0"):
        level(written(given_)).extract(photograph(), BOX)


@pytest.mark.parametrize("name", list(answers()))
def test_answers_that_are_not_finite_are_refused(name: str) -> None:
    given_ = answers()
    given_[name].flat[1] = np.nan
    with pytest.raises(ModelOutputError, match=rf"'{name}': 1 of \d+ values are not finite"):
        level(written(given_)).locate(photograph(), BOX)

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.adapters.dynamical_level1 import ADAPTER
from models.errors import ModelOutputError
from models.last_run import LastRun
from models.preprocessing import PreparedImage
from rt_control.errors import InputError
from tests.models.adapters.rig import Written, manifest, photograph

NAMES = ("cube", "box", "cylinder", "ball", "person")
Maps = dict[str, np.ndarray]


def maps(*things: tuple[int, int, int, float, list[float]]) -> Maps:
    """What the network would say of things: class, row, column, logit, distances to the edges, px of the input."""
    heat = np.full((1, 5, 60, 80), -12.0, dtype=np.float32)
    box = np.zeros((1, 4, 60, 80), dtype=np.float32)
    for label, row, column, logit, distances in things:
        heat[0, label, row, column] = logit
        box[0, :, row, column] = np.log(np.array(distances) / 4.0)
    return {"heat": heat, "box": box, "log_depth": np.zeros((1, 1, 60, 80), dtype=np.float32)}


def written(answers: Maps) -> Written:
    return Written({"image": (1, 3, 240, 320)}, answers)


def level(answers: Maps, **parameters: Any) -> Any:
    return ADAPTER.make(written(answers), manifest(ADAPTER, ADAPTER.preprocessing, parameters, NAMES))


@given(
    st.integers(0, 59), st.integers(0, 79), st.lists(st.floats(1.0, 80.0), min_size=4, max_size=4),
    st.sampled_from([(320, 240), (640, 480), (500, 500), (160, 120)]),
)  # fmt: skip
def test_a_box_comes_out_where_it_is_in_the_image(
    row: int, column: int, far: list[float], size: tuple[int, int]
) -> None:
    image = PreparedImage(np.zeros((size[1], size[0], 3), dtype=np.uint8))
    found = level(maps((3, row, column, 4.0, far))).detect(image)
    x, y = (column + 0.5) * 4.0, (row + 0.5) * 4.0
    in_input = np.clip([x - far[0], y - far[1], x + far[2], y + far[3]], 0.0, [320.0, 240.0, 320.0, 240.0])
    expected = in_input * np.array([size[0] / 320, size[1] / 240] * 2)
    np.testing.assert_allclose(found.boxes, [expected], rtol=1e-4, atol=1e-3)
    assert found.labels.tolist() == [3] and found.names == NAMES
    assert found.scores == pytest.approx([1.0 / (1.0 + np.exp(-4.0))])


def test_only_the_peak_of_a_blob_is_a_thing() -> None:
    answers = maps((0, 30, 40, 3.0, [20, 20, 20, 20]))
    for row in (29, 30, 31):
        for column in (39, 40, 41):
            if (row, column) != (30, 40):
                answers["heat"][0, 0, row, column] = 2.0
    assert len(level(answers).detect(photograph()).boxes) == 1


def test_of_two_classes_at_one_place_the_better_stays_but_a_person_may_stand_behind_it() -> None:
    edges = [20.0, 20.0, 20.0, 20.0]
    found = level(maps((0, 30, 40, 1.0, edges), (1, 30, 40, 2.0, edges), (4, 30, 40, 0.5, edges))).detect(photograph())
    assert found.labels.tolist() == [1, 4]


def test_two_people_at_one_place_are_one() -> None:
    edges = [40.0, 40.0, 40.0, 40.0]
    found = level(maps((4, 30, 40, 1.0, edges), (4, 30, 42, 2.0, edges))).detect(photograph())
    assert found.labels.tolist() == [4] and found.scores == pytest.approx([1.0 / (1.0 + np.exp(-2.0))])


def test_the_best_of_many_stay_in_order() -> None:
    things = [
        (0, row, column, 0.01 * (row + column), [1.0] * 4) for row in range(0, 60, 4) for column in range(0, 80, 4)
    ]
    found = level(maps(*things)).detect(photograph())
    assert len(found.boxes) == 64 and (np.diff(found.scores) <= 0.0).all()
    assert found.scores[0] == pytest.approx(1.0 / (1.0 + np.exp(-0.01 * (56 + 76))))
    assert len(level(maps(*things), score_floor=0.9).detect(photograph()).boxes) == 0


def test_distances_beyond_what_was_trained_are_cut_off() -> None:
    answers = maps((0, 30, 40, 3.0, [4.0] * 4))
    answers["box"][:] = 80.0
    assert level(answers).detect(photograph()).boxes.tolist() == [[0.0, 0.0, 640.0, 480.0]]


@given(st.floats(-1.0, 2.0))
def test_depth_is_in_metres(log_depth: float) -> None:
    answers = maps()
    answers["log_depth"][:] = log_depth
    depth = level(answers).estimate(photograph())
    assert depth.metric and depth.depth.shape == (120, 160)
    np.testing.assert_allclose(depth.depth, np.exp(log_depth), rtol=1e-5)


def test_depth_between_two_cells_is_between_theirs() -> None:
    answers = maps()
    answers["log_depth"][0, 0, :, 40:] = np.log(2.0)
    row = level(answers).estimate(photograph()).depth[60]
    np.testing.assert_allclose(row[78:82], [1.0, 1.25, 1.75, 2.0], atol=1e-3)


def test_both_roles_cost_one_run_an_image() -> None:
    network = written(maps())
    both: Any = ADAPTER.make(LastRun(network), manifest(ADAPTER, ADAPTER.preprocessing, {}, NAMES))
    image = photograph()
    both.detect(image), both.estimate(image)
    assert len(network.asked) == 1
    both.detect(photograph(seed=1))
    assert len(network.asked) == 2


@pytest.mark.parametrize("name", ["heat", "box"])
def test_maps_that_are_not_finite_are_refused(name: str) -> None:
    answers = maps()
    answers[name][0, 0, 5, 5] = np.nan
    with pytest.raises(ModelOutputError, match=rf"'{name}': 1 of \d+ values are not finite"):
        level(answers).detect(photograph())


def test_classes_without_names_are_refused() -> None:
    with pytest.raises(InputError, match=r"class_names: 2; allowed: one for each of 5 classes"):
        ADAPTER.make(written(maps()), manifest(ADAPTER, ADAPTER.preprocessing, {}, NAMES[:2]))

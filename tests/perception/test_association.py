from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from perception.association import OTHER_LABEL, Gates, assign, associate, cosines, cost_matrix, overlaps

GATES = Gates(squared_distance=9.0, overlap=0.2, similarity=0.3)

coordinates = st.floats(0.0, 100.0)
boxes = st.tuples(coordinates, coordinates, st.floats(1.0, 50.0), st.floats(1.0, 50.0)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)


@given(one=boxes, other=boxes)
def test_overlap_is_symmetric_and_a_share(one: tuple[float, ...], other: tuple[float, ...]) -> None:
    share = overlaps(np.array([one]), np.array([other]))[0, 0]
    assert 0.0 <= share <= 1.0
    assert share == overlaps(np.array([other]), np.array([one]))[0, 0]
    assert overlaps(np.array([one]), np.array([one]))[0, 0] == pytest.approx(1.0)


def test_half_of_one_in_the_other_is_a_third_of_both() -> None:
    assert overlaps(np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[1.0, 0.0, 3.0, 2.0]]))[0, 0] == pytest.approx(1 / 3)


def cost(overlap: float = 1.0, squared: float = np.nan, similarity: float = np.nan, same: bool = True) -> float:
    place, metric, looks = (np.array([[value]]) for value in (overlap, squared, similarity))
    return float(cost_matrix(place, metric, looks, np.array([[same]]), GATES)[0, 0])


def test_each_gate_forbids() -> None:
    assert cost(overlap=0.19) == np.inf > cost(overlap=0.21)
    assert cost(squared=9.1) == np.inf > cost(squared=8.9)
    assert cost(similarity=0.29) == np.inf > cost(similarity=0.31)


def test_where_both_have_a_position_the_box_does_not_count() -> None:
    assert cost(overlap=0.0, squared=0.0) == 0.0
    assert cost(overlap=1.0, squared=9.1) == np.inf


def test_appearance_decides_between_two_that_are_equally_near() -> None:
    assert cost(squared=1.0, similarity=0.9) < cost(squared=1.0, similarity=0.5)
    assert cost(squared=4.0, similarity=1.0) < cost(squared=0.0, similarity=0.4)


def test_another_label_costs_a_little() -> None:
    assert cost(same=False) == pytest.approx(cost() + OTHER_LABEL)


def test_cosines_of_what_has_none_are_unknown() -> None:
    x, y = np.array([1.0, 0.0], dtype=np.float32), np.array([0.0, 1.0], dtype=np.float32)
    np.testing.assert_array_equal(cosines([x, None], [y, x, None]), [[0.0, 1.0, np.nan], [np.nan] * 3])
    assert np.isnan(cosines([None], [x])).all()


@given(arrays(np.float64, (3, 4), elements=st.floats(0.0, 1.0) | st.just(np.inf)))
def test_no_row_and_no_column_is_taken_twice_and_nothing_forbidden(costs: np.ndarray) -> None:
    pairs = assign(costs)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(np.isfinite(costs[pair]) for pair in pairs)
    assert pairs == sorted(pairs)


def test_as_many_pairs_as_possible_are_formed() -> None:
    assert assign(np.array([[0.0, 1.0], [0.1, np.inf]])) == [(0, 1), (1, 0)]


def test_low_scores_go_to_what_is_left_of_the_settled_tracks() -> None:
    costs = np.array([[0.5, 0.1], [0.6, 0.2]])
    assert associate(costs, [True, True], [True, False]) == [(0, 0), (1, 1)]


def test_tentative_tracks_come_last_and_get_no_low_scores() -> None:
    costs = np.array([[0.0, 0.0], [0.9, np.inf]])
    assert associate(costs, [False, True], [True, False]) == [(1, 0)]
    assert associate(costs, [False, True], [True, True]) == [(0, 1), (1, 0)]


def test_nothing_to_pair_is_no_pair() -> None:
    assert associate(np.zeros((0, 2)), [], [True, False]) == []
    assert associate(np.zeros((2, 0)), [True, True], []) == []

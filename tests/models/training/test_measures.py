from __future__ import annotations

import numpy as np
import pytest

from models.training.measures import (
    IGNORED,
    NOTHING,
    Found,
    Truth,
    average_precision,
    intersection_over_union,
    partners,
    share_within,
)

ONE, TWO, FAR = (0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 30.0, 10.0), (50.0, 50.0, 60.0, 60.0)


def found(*items: tuple[tuple[float, ...], float, int]) -> Found:
    boxes, scores, labels = zip(*items, strict=True) if items else ((), (), ())
    return Found(np.array(boxes).reshape(-1, 4), np.array(scores, dtype=float), np.array(labels, dtype=int))


def truth(*items: tuple[tuple[float, ...], int], ignored: tuple[int, ...] = ()) -> Truth:
    boxes, labels = zip(*items, strict=True) if items else ((), ())
    flags = np.array([index in ignored for index in range(len(items))], dtype=bool)
    return Truth(np.array(boxes).reshape(-1, 4), np.array(labels, dtype=int), flags)


def test_overlaps_by_hand() -> None:
    boxes = np.array([ONE, (5.0, 0.0, 15.0, 10.0), FAR])
    np.testing.assert_allclose(intersection_over_union(boxes[:1], boxes), [[1.0, 1.0 / 3.0, 0.0]])
    assert intersection_over_union(np.zeros((1, 4)), np.zeros((1, 4))) == 0.0


def test_all_that_is_there_and_nothing_else_is_perfect() -> None:
    precision = average_precision([found((ONE, 0.9, 0), (TWO, 0.8, 1))], [truth((ONE, 0), (TWO, 1))], 3)
    assert precision[:2] == pytest.approx([1.0, 1.0])
    assert np.isnan(precision[2])


def test_a_wrong_one_that_scores_higher_halves_what_is_right() -> None:
    (precision,) = average_precision([found((FAR, 0.9, 0), (ONE, 0.8, 0))], [truth((ONE, 0))], 1)
    assert precision == pytest.approx(0.5)


def test_a_wrong_one_that_scores_lower_costs_nothing() -> None:
    (precision,) = average_precision([found((ONE, 0.9, 0), (FAR, 0.8, 0))], [truth((ONE, 0))], 1)
    assert precision == pytest.approx(1.0)


def test_one_of_two_found_is_about_a_half() -> None:
    (precision,) = average_precision([found((ONE, 0.9, 0))], [truth((ONE, 0), (TWO, 0))], 1)
    assert precision == pytest.approx(51 / 101)


def test_a_thing_that_is_found_twice_is_found_once() -> None:
    (precision,) = average_precision(
        [found((ONE, 0.9, 0), (ONE, 0.8, 0), (TWO, 0.7, 0))], [truth((ONE, 0), (TWO, 0))], 1
    )
    assert precision == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_what_need_not_be_found_is_neither_right_nor_wrong() -> None:
    seen = [found((TWO, 0.95, 0), (ONE, 0.9, 0))]
    (precision,) = average_precision(seen, [truth((ONE, 0), (TWO, 0), ignored=(1,))], 1)
    assert precision == pytest.approx(1.0)


def test_nothing_found_is_nothing() -> None:
    assert average_precision([found()], [truth((ONE, 0))], 1) == pytest.approx([0.0])


def test_the_best_detection_has_the_first_choice_and_no_thing_is_given_twice() -> None:
    boxes = np.array([ONE, ONE, FAR, TWO])
    true = np.array([ONE, TWO])
    partner = partners(boxes, true, np.array([True, False]), np.array([False, True]))
    assert partner.tolist() == [0, NOTHING, NOTHING, IGNORED]
    assert partners(boxes, np.empty((0, 4)), np.empty(0, dtype=bool), np.empty(0, dtype=bool)).tolist() == [NOTHING] * 4


def test_depth_is_right_within_a_factor_where_it_is_known() -> None:
    true = np.array([1.0, 1.0, 1.0, 0.0])
    assert share_within(np.array([1.2, 0.81, 1.3, 9.0]), true) == pytest.approx(2.0 / 3.0)

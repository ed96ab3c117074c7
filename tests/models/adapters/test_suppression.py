from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.adapters.suppression import suppress


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    shared = np.prod(np.maximum(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0.0))
    both = np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - shared
    return float(shared / both) if both > 0.0 else 0.0


@st.composite
def crowds(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    count = draw(st.integers(0, 12))
    numbers = np.array(draw(st.lists(st.integers(0, 8), min_size=4 * count, max_size=4 * count)), dtype=np.float32)
    corner, size = numbers.reshape(-1, 4)[:, :2] - 4.0, numbers.reshape(-1, 4)[:, 2:] + 1.0
    scores = np.array(draw(st.lists(st.integers(1, 5), min_size=count, max_size=count)), dtype=np.float32) / 5.0
    groups = np.array(draw(st.lists(st.integers(0, 1), min_size=count, max_size=count)), dtype=np.intp)
    return np.concatenate([corner, corner + size], axis=1), scores, groups


@given(crowds(), st.sampled_from([0.0, 0.3, 0.7]))
def test_what_stays_does_not_overlap_and_what_goes_has_a_better_one(
    crowd: tuple[np.ndarray, np.ndarray, np.ndarray], most: float
) -> None:
    boxes, scores, groups = crowd
    kept = suppress(boxes, scores, groups, most, 100)
    assert (np.diff(scores[kept]) <= 0.0).all()
    for index in range(len(boxes)):
        rivals = [other for other in kept if other != index and groups[other] == groups[index]]
        worse_than = [other for other in rivals if overlap(boxes[index], boxes[other]) > most + 1e-6]
        if index in kept:
            assert worse_than == []
        else:
            assert any(
                scores[other] >= scores[index] and overlap(boxes[index], boxes[other]) > most - 1e-6 for other in rivals
            )


def test_only_so_many_stay_and_they_are_the_best() -> None:
    boxes = np.array([[10 * index, 0, 10 * index + 5, 5] for index in range(6)], dtype=np.float32)
    scores = np.array([0.1, 0.6, 0.3, 0.9, 0.2, 0.5], dtype=np.float32)
    assert suppress(boxes, scores, np.zeros(6, dtype=np.intp), 0.5, 3).tolist() == [3, 1, 5]


def test_groups_do_not_compete() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 10]], dtype=np.float32)
    scores = np.array([0.5, 0.6], dtype=np.float32)
    assert suppress(boxes, scores, np.array([0, 1]), 0.5, 9).tolist() == [1, 0]
    assert suppress(boxes, scores, np.array([0, 0]), 0.5, 9).tolist() == [1]

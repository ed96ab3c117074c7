from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perception.familiar import Familiar

Vector = npt.NDArray[np.float32]


def axis(index: int) -> Vector:
    vector: Vector = np.eye(4, dtype=np.float32)[index]
    return vector


def test_nothing_is_known_at_first() -> None:
    assert len(Familiar(4).known) == 0


def test_what_was_met_is_known_and_what_looks_alike_is_known_once() -> None:
    familiar = Familiar(4)
    almost = np.array([0.9988, 0.05, 0.0, 0.0], dtype=np.float32)
    familiar.meet([axis(0), axis(1)])
    familiar.meet([almost])
    assert sorted(familiar.known.argmax(axis=1).tolist()) == [0, 1]


def test_of_too_many_the_one_that_was_met_longest_ago_goes() -> None:
    familiar = Familiar(2)
    familiar.meet([axis(0), axis(1)])
    familiar.meet([axis(0)])  # met again: now the other one is older
    familiar.meet([axis(2)])
    assert familiar.known.argmax(axis=1).tolist() == [0, 2]

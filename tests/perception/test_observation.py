from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from perception.observation import Appearance, Observation

GOOD: dict[str, Any] = {"box": (0.0, 0.0, 10.0, 10.0), "score": 0.9, "label": "cube", "label_score": 0.8}
PLACED: dict[str, Any] = {**GOOD, "position_base": (0.1, 0.2, 0.3), "position_std_m": 0.002}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({**GOOD, "box": (0.0, 0.0, math.nan, 10.0)}, "box is .*nan.*; it must be finite"),
        ({**GOOD, "box": (0.0, 0.0, math.inf, 10.0)}, "box is .*inf.*; it must be finite"),
        ({**GOOD, "box": (5.0, 0.0, 5.0, 10.0)}, "right > left"),
        ({**GOOD, "box": (5.0, 9.0, 6.0, 8.0)}, "bottom > top"),
        ({**GOOD, "score": 1.1}, "score is 1.1; it must be in 0..1"),
        ({**GOOD, "score": math.nan}, "score is nan; it must be in 0..1"),
        ({**GOOD, "label_score": -0.1}, "label_score is -0.1; it must be in 0..1"),
        ({**GOOD, "label": ""}, "label is empty; it must name a class"),
        ({**PLACED, "position_base": (0.1, math.nan, 0.3)}, "position_base is .*; give None where there is no depth"),
        ({**PLACED, "position_std_m": None}, "position_std_m is None; a position needs one"),
        ({**PLACED, "position_std_m": 0.0}, "position_std_m is 0.0; a position needs one .* exceeds 0"),
    ],
)
def test_garbage_is_refused_with_the_reason(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Observation(**given)


def test_an_embedding_is_made_of_length_one_and_read_only() -> None:
    appearance = Appearance(np.array([3.0, 4.0], dtype=np.float32))
    np.testing.assert_allclose(appearance.embedding, [0.6, 0.8])
    assert not appearance.embedding.flags.writeable


@pytest.mark.parametrize("vector", [[0.0, 0.0], [math.nan, 1.0], [[1.0]]])
def test_an_embedding_without_a_direction_is_refused(vector: list[float]) -> None:
    with pytest.raises(ValueError, match=r"it must be \(d,\), finite and not zero"):
        Appearance(np.array(vector, dtype=np.float32))


@pytest.mark.parametrize("scores", [{"a": -0.1}, {"a": 0.6, "b": 0.6}, {"a": math.nan}])
def test_class_scores_that_are_no_probabilities_are_refused(scores: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="each must be >= 0 and all together at most 1"):
        Appearance(np.ones(2, dtype=np.float32), scores)

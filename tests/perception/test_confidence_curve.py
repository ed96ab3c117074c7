from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.confidence_curve import Looked, confidence_curve, seconds_to_know

things = st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans(), st.booleans()), min_size=1, max_size=60)


def looked(rows: list[tuple[float, bool, bool]]) -> Looked:
    probability, right, after = zip(*rows, strict=True)
    return Looked(np.array(probability), np.array(right), np.array(after))


@settings(max_examples=30)
@given(things)
def test_a_higher_threshold_never_asks_for_fewer_looks(rows: list[tuple[float, bool, bool]]) -> None:
    curve = confidence_curve(looked(rows))
    assert (np.diff(curve.looked_at) >= 0.0).all()
    assert curve.looked_at[0] == 0.0


@settings(max_examples=30)
@given(things)
def test_the_ends_are_no_look_at_all_and_a_look_at_everything(rows: list[tuple[float, bool, bool]]) -> None:
    curve = confidence_curve(looked(rows), np.array([0.0, 1.01]))
    assert curve.looked_at.tolist() == [0.0, 1.0]
    assert curve.wrong == pytest.approx([np.mean([not row[1] for row in rows]), np.mean([not row[2] for row in rows])])


def test_looks_at_what_is_doubtful_mend_its_names() -> None:
    rows = [(0.5, False, True)] * 10 + [(0.9, True, True)] * 90
    curve = confidence_curve(looked(rows), np.array([0.5, 0.51]))
    assert curve.looked_at.tolist() == pytest.approx([0.0, 0.1])
    assert curve.wrong.tolist() == pytest.approx([0.1, 0.0])


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must be \(n,\), n > 0"):
        Looked(np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0, dtype=bool))
    with pytest.raises(ValueError, match=r"must be \(n,\), n > 0"):
        Looked(np.zeros(2), np.zeros(1, dtype=bool), np.zeros(2, dtype=bool))


def test_a_share_is_known_sooner_with_more_looks() -> None:
    assert seconds_to_know(0.5, 1.0, 0.05) == pytest.approx(100.0)
    assert seconds_to_know(0.5, 2.0, 0.05) == pytest.approx(50.0)
    assert seconds_to_know(0.0, 1.0, 0.05) == 0.0
    with pytest.raises(ValueError, match=r"looks_per_s, std are 0.0, 0.1; both must exceed 0"):
        seconds_to_know(0.5, 0.0, 0.1)

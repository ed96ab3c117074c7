from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.calibration import ScoreCalibration, expected_calibration_error, fit_calibration


def overconfident(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of which the square is the probability of being right."""
    random = np.random.default_rng(seed)
    scores = random.uniform(0.0, 1.0, count)
    return scores, random.random(count) < scores**2


pairs = st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), min_size=1, max_size=200)


@given(pairs)
def test_a_calibration_is_monotone_and_never_certain(given: list[tuple[float, bool]]) -> None:
    scores, right = zip(*given, strict=True)
    calibrated = fit_calibration(scores, right).apply(np.linspace(-1.0, 2.0, 50))
    assert (np.diff(calibrated) >= 0.0).all()
    assert 0.0 < calibrated[0] <= calibrated[-1] < 1.0


@given(st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_scores_that_say_too_much_say_what_holds_once_calibrated(seed: int) -> None:
    calibration = fit_calibration(*overconfident(4000, seed))
    scores, right = overconfident(4000, seed + 1000)
    assert expected_calibration_error(scores, right) > 0.12
    assert expected_calibration_error(calibration.apply(scores), right) < 0.04
    assert calibration.apply(np.sqrt(0.7)) == pytest.approx(0.7, abs=0.08)


def test_what_is_said_of_all_pairs_is_what_was_right_of_them() -> None:
    """Isotonic regression keeps the mean."""
    scores, right = overconfident(4000, 1)
    assert fit_calibration(scores, right).apply(scores).mean() == pytest.approx(right.mean(), abs=0.005)


def test_a_network_that_is_always_right_is_believed_as_far_as_the_pairs_go() -> None:
    calibration = fit_calibration(np.linspace(0.5, 1.0, 98), np.ones(98, dtype=bool))
    assert calibration.apply(0.9) == pytest.approx(0.99)


def test_equal_scores_are_one_knot() -> None:
    calibration = fit_calibration([0.8] * 100, [True] * 60 + [False] * 40)
    assert calibration.scores == pytest.approx((0.8,))
    assert calibration.probabilities == pytest.approx((0.6,))
    assert calibration.samples == 100


def test_the_error_is_the_mean_gap_between_said_and_right() -> None:
    assert expected_calibration_error([0.9] * 10, [True] * 9 + [False]) == pytest.approx(0.0)
    assert expected_calibration_error([0.9] * 10, [True] * 5 + [False] * 5) == pytest.approx(0.4)
    assert expected_calibration_error([1.0, 0.0], [True, True]) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("scores", "probabilities", "message"),
    [
        ((0.5, 0.1), (0.1, 0.2), "they must rise"),
        ((0.1, 0.5), (0.3, 0.2), "they must not fall"),
        ((0.1,), (1.2,), "they must be in 0..1"),
        ((0.1,), (), "1 scores and 0 probabilities"),
    ],
)
def test_what_is_no_calibration_is_refused(
    scores: tuple[float, ...], probabilities: tuple[float, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ScoreCalibration(scores, probabilities, 1)


@pytest.mark.parametrize(
    ("scores", "right", "message"),
    [
        ([], [], r"have shapes \(0,\) and \(0,\); both must be \(n,\), n > 0"),
        ([0.1, 0.2], [True], r"have shapes \(2,\) and \(1,\)"),
        ([0.1, float("nan")], [True, True], "1 of 2 scores are not finite; leave these out"),
    ],
)
def test_pairs_that_are_none_are_refused(scores: list[float], right: list[bool], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_calibration(scores, right)

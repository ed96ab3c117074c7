from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from perception.conformal import GRID, trusted_score, upper_bound


def true_error(threshold: float) -> float:
    """Of uniform scores that are right with the probability that they say: the mean of 1 - s over s >= threshold."""
    return (1.0 - threshold) / 2.0


def draw(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    scores = random.uniform(0.0, 1.0, count)
    return scores, random.random(count) < scores


@pytest.mark.parametrize(("count", "alpha"), [(3000, 0.1), (10_000, 0.05), (1000, 0.2)])
def test_the_guarantee_holds_over_many_calibration_sets(count: int, alpha: float) -> None:
    random, delta, trials = np.random.default_rng(11), 0.1, 300
    found = [trusted_score(*draw(random, count), alpha=alpha, delta=delta) for _ in range(trials)]
    broken = sum(item is not None and true_error(item.score) > alpha for item in found)
    assert broken <= binom.ppf(1.0 - 1e-4, trials, delta)
    assert sum(item is not None for item in found) > trials / 2


def test_the_bound_is_exceeded_as_seldom_as_it_says() -> None:
    """The coverage of Clopper and Pearson, exactly, by summing over all outcomes."""
    wrong = np.arange(41)
    bounds = upper_bound(wrong, np.full(41, 40), 0.05)
    for rate in (0.01, 0.1, 0.3, 0.7, 0.99):
        assert binom.pmf(wrong, 40, rate)[bounds < rate].sum() <= 0.05


def test_more_pairs_allow_a_lower_score() -> None:
    random = np.random.default_rng(4)
    few, many = (trusted_score(*draw(random, count), alpha=0.1, delta=0.05) for count in (3000, 100_000))
    assert few is not None
    assert many is not None
    assert true_error(many.score) <= 0.1
    assert many.score < few.score


def test_what_was_counted_is_told() -> None:
    scores, right = np.full(1000, 0.9), np.array([True] * 980 + [False] * 20)
    found = trusted_score(scores, right, alpha=0.05, delta=0.1)
    assert found is not None
    assert (found.score, found.kept, found.wrong) == (GRID[0], 1000, 20)
    assert 0.02 < found.error_bound <= 0.05


def test_too_few_pairs_guarantee_nothing() -> None:
    assert trusted_score([0.99] * 10, [True] * 10, alpha=0.05, delta=0.1) is None
    assert trusted_score([0.1] * 1000, [True] * 1000, alpha=0.05, delta=0.1) is None


def test_a_bound_on_nothing_is_one() -> None:
    np.testing.assert_array_equal(upper_bound([0, 3], [0, 3], 0.1), [1.0, 1.0])


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="alpha is 0.0; it must be between 0 and 1"):
        trusted_score([0.5], [True], alpha=0.0, delta=0.1)
    with pytest.raises(ValueError, match="delta is 1.0; it must be between 0 and 1"):
        trusted_score([0.5], [True], alpha=0.1, delta=1.0)
    with pytest.raises(ValueError, match="grid is empty; give at least one score to test"):
        trusted_score([0.5], [True], alpha=0.1, delta=0.1, grid=())

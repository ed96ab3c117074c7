from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from perception.miss_rate import MissEstimate, MissRate


def watch(random: np.random.Generator, wrong: np.ndarray, probability: np.ndarray) -> MissEstimate | None:
    """The estimate from one run over things that are wrong or not, each drawn with its probability."""
    rate = MissRate()
    rate.pass_over(len(wrong))
    for item in np.flatnonzero(random.random(len(wrong)) < probability):
        rate.looked(bool(wrong[item]), float(probability[item]))
    return rate.estimate()


def test_the_estimate_is_unbiased_also_where_what_is_wrong_is_drawn_seldom() -> None:
    random, count, runs = np.random.default_rng(8), 2000, 800
    wrong = random.random(count) < 0.1
    probability = np.where(wrong, 0.01, 0.05)
    estimates = [watch(random, wrong, probability) for _ in range(runs)]
    rates = np.array([0.0 if item is None else item.rate for item in estimates])
    assert abs(rates.mean() - wrong.mean()) < 4.0 * rates.std() / np.sqrt(runs)
    naive = (probability[wrong].sum()) / probability.sum()
    assert abs(naive - wrong.mean()) > 0.05  # the share among the looks says something else


@pytest.mark.parametrize("miss_rate", [0.01, 0.1, 0.5])
def test_the_interval_covers_the_truth_as_often_as_it_says(miss_rate: float) -> None:
    random, runs, inside = np.random.default_rng(9), 400, 0
    for _ in range(runs):
        wrong = random.random(3000) < miss_rate
        found = watch(random, wrong, np.full(3000, 0.02))
        assert found is not None
        inside += found.lower <= wrong.mean() <= found.upper
    assert inside >= binom.ppf(1e-4, runs, 0.95)


def test_with_one_probability_the_interval_is_that_of_clopper_and_pearson() -> None:
    rate = MissRate()
    rate.pass_over(1000)
    for wrong in [True] * 2 + [False] * 18:
        rate.looked(wrong, 0.02)
    found = rate.estimate()
    assert found is not None
    assert found.rate == pytest.approx(0.1)
    assert binom.sf(1, 20, found.lower) == pytest.approx(0.025)
    assert binom.cdf(2, 20, found.upper) == pytest.approx(0.025)
    assert (found.looks, found.passed_over) == (20, 1000)


def test_no_error_and_nothing_but_errors_have_an_open_side() -> None:
    for wrong, side in ((False, "lower"), (True, "upper")):
        rate = MissRate()
        rate.pass_over(10)
        rate.looked(wrong, 0.5)
        assert getattr(rate.estimate(), side) == float(wrong)


def test_before_the_first_look_nothing_is_known() -> None:
    rate = MissRate()
    rate.pass_over(100)
    assert rate.estimate() is None


def test_what_cannot_be_is_refused() -> None:
    rate = MissRate()
    with pytest.raises(ValueError, match=r"probability is 0.0; it must be in \(0, 1\]"):
        rate.looked(True, 0.0)
    with pytest.raises(ValueError, match="count is -1; it must not be negative"):
        rate.pass_over(-1)
    rate.looked(True, 0.5)
    with pytest.raises(ValueError, match=r"1 looks by lot among 0 things; call pass_over\(\) for each plan, too"):
        rate.estimate()

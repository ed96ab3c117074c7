from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from perception.kalman import Filters

DENSITY = np.full((1, 3), 0.3)


def started(noise: float = 1e-4, rate_variance: float = 0.25) -> Filters:
    """One thing at the origin."""
    filters = Filters(3)
    filters.append()
    measure(filters, np.zeros(3), noise, rate_variance)
    return filters


def measure(filters: Filters, value: np.ndarray, noise: float, rate_variance: float = 0.25, anew: bool = False) -> None:
    filters.measure([0], value[None], np.full((1, 3), noise), np.full((1, 3), rate_variance), [anew])


@given(one=st.floats(0.0, 2.0), other=st.floats(0.0, 2.0))
def test_two_predictions_are_one_over_both_times(one: float, other: float) -> None:
    twice, once = started(), started()
    measure(twice, np.ones(3), 1e-4)
    measure(once, np.ones(3), 1e-4)
    for dt_s in (one, other):
        twice.predict(np.array([dt_s]), DENSITY)
    once.predict(np.array([one + other]), DENSITY)
    np.testing.assert_allclose(twice.state, once.state, rtol=1e-9, atol=1e-12)


@given(
    steps=st.lists(
        st.tuples(st.floats(0.0, 1.0), st.floats(1e-8, 1e2), st.floats(-10.0, 10.0)), min_size=1, max_size=40
    )
)
def test_the_covariance_stays_positive_definite(steps: list[tuple[float, float, float]]) -> None:
    filters = started()
    for dt_s, noise, value in steps:
        filters.predict(np.array([dt_s]), DENSITY)
        measure(filters, np.full(3, value), noise)
        _, _, variance, covariance, rate_variance = filters.state
        assert (variance > 0.0).all() and (rate_variance > 0.0).all()
        assert (variance * rate_variance - covariance**2 > 0.0).all()


@given(noise=st.floats(1e-6, 1e3))
def test_a_measurement_never_makes_less_sure(noise: float) -> None:
    filters = started()
    filters.predict(np.array([0.1]), DENSITY)
    before = filters.state[[2, 4]].copy()
    measure(filters, np.ones(3), noise)
    assert (filters.state[[2, 4]] <= before).all()


def test_the_error_is_as_large_as_the_filter_says() -> None:
    """The normalised estimation error squared of one coordinate has a mean of 2 (value and rate)."""
    random, dt_s, density, noise, count = np.random.default_rng(1), 1.0 / 30.0, 0.3, 4e-6, 2000
    truth = np.stack([np.zeros(count), random.normal(0.0, 0.5, count)], axis=1)
    filters = Filters(1)
    for _ in range(count):
        filters.append()
    step = np.array([[dt_s**3 / 3.0, dt_s**2 / 2.0], [dt_s**2 / 2.0, dt_s]]) * density
    for _ in range(30):
        seen = truth[:, :1] + random.normal(0.0, np.sqrt(noise), (count, 1))
        filters.measure(range(count), seen, np.full((count, 1), noise), np.full((count, 1), 0.25), [False] * count)
        error = filters.state[:2, :, 0].T - truth
        variance, covariance, rate_variance = filters.state[2:, :, 0]
        spread = np.stack([np.stack([variance, covariance], -1), np.stack([covariance, rate_variance], -1)], -1)
        squared = np.einsum("ni,nij,nj->n", error, np.linalg.inv(spread), error).sum()
        assert chi2.ppf(1e-4, 2 * count) < squared < chi2.ppf(1.0 - 1e-4, 2 * count)
        truth[:, 0] += dt_s * truth[:, 1]
        truth += random.multivariate_normal(np.zeros(2), step, count)
        filters.predict(np.full(count, dt_s), np.full((count, 1), density))


def test_the_distance_of_a_measurement_is_that_of_mahalanobis() -> None:
    filters = started(noise=3.0)
    squared = filters.squared_distances(slice(0, 3), np.array([[1.0, 2.0, 2.0], [np.nan] * 3]), np.full((2, 3), 6.0))
    assert squared[0, 0] == pytest.approx(1.0)
    assert np.isnan(squared[0, 1])


def test_what_is_not_measured_stays_as_it_is() -> None:
    filters = started()
    filters.predict(np.array([0.1]), DENSITY)
    before = filters.state.copy()
    measure(filters, np.array([np.nan, 1.0, np.nan]), 1e-4)
    np.testing.assert_array_equal(filters.state[:, :, [0, 2]], before[:, :, [0, 2]])
    assert (filters.state[:, :, 1] != before[:, :, 1]).all()


def test_anew_forgets_the_motion() -> None:
    filters = started()
    filters.predict(np.array([1.0]), DENSITY)
    measure(filters, np.ones(3), 1e-4)
    assert (filters.state[1] > 0.5).all()
    measure(filters, np.full(3, 7.0), 2e-4, rate_variance=0.1, anew=True)
    np.testing.assert_array_equal(filters.state[:, 0, 0], [7.0, 0.0, 2e-4, 0.0, 0.1])


def test_rows_are_kept_in_the_order_asked_for() -> None:
    filters = Filters(1)
    for value in (1.0, 2.0, 3.0):
        filters.append()
        row = filters.state.shape[1] - 1
        filters.measure([row], np.array([[value]]), np.ones((1, 1)), np.ones((1, 1)), [False])
    filters.keep([2, 0])
    np.testing.assert_array_equal(filters.state[0, :, 0], [3.0, 1.0])


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match=r"dt_s is \[-0.1\]; a filter goes forward only: give stamps that rise"):
        started().predict(np.array([-0.1]), DENSITY)

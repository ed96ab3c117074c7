from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.cost_estimate import CostEstimates

milliseconds = st.floats(0.01, 1000.0)


@given(prior=milliseconds, looks=st.lists(milliseconds, min_size=1, max_size=30))
def test_after_a_look_the_estimate_is_never_below_what_it_took(prior: float, looks: list[float]) -> None:
    costs = CostEstimates({"masks": prior})
    for took in looks:
        costs.observe("masks", took)
        assert costs.estimate_ms("masks") >= took * (1.0 - 1e-9)


@given(prior=milliseconds, took=milliseconds)
def test_a_steady_cost_becomes_its_estimate(prior: float, took: float) -> None:
    costs = CostEstimates({"masks": prior})
    for _ in range(200):
        costs.observe("masks", took)
    assert costs.estimate_ms("masks") == pytest.approx(took, rel=1e-3)


@given(prior=milliseconds, looks=st.lists(milliseconds, max_size=30))
def test_a_doubted_estimate_comes_back_to_what_was_believed_first(prior: float, looks: list[float]) -> None:
    costs = CostEstimates({"masks": prior, "pose": 1.0})
    for took in looks:
        costs.observe("masks", took)
    for _ in range(60):
        costs.doubt("masks")
    assert costs.estimate_ms("masks") == pytest.approx(prior)
    assert costs.prior_ms("masks") == prior and costs.estimate_ms("pose") == 1.0


def test_before_the_first_look_the_prior_is_the_estimate() -> None:
    assert CostEstimates({"masks": 7.0}).estimate_ms("masks") == 7.0


@pytest.mark.parametrize("prior", [0.0, -1.0, float("nan")])
def test_a_prior_that_is_no_time_is_refused(prior: float) -> None:
    with pytest.raises(ValueError, match="prior of 'masks' = .* ms; allowed: above 0"):
        CostEstimates({"masks": prior})

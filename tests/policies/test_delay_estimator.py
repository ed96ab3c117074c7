from __future__ import annotations

from policies.delay_estimator import KEPT, DelayEstimator

MS = 1_000_000


def test_it_expects_what_it_was_told_until_it_knows_better() -> None:
    assert DelayEstimator(20 * MS).delay_ns == 20 * MS


def test_one_long_delay_among_many_does_not_count() -> None:
    estimator = DelayEstimator(0)
    for _ in range(20):
        estimator.add(10 * MS)
    estimator.add(500 * MS)
    assert estimator.delay_ns == 10 * MS


def test_it_follows_when_delays_grow_and_forgets_what_is_long_ago() -> None:
    estimator = DelayEstimator(0)
    for _ in range(KEPT):
        estimator.add(10 * MS)
    for _ in range(KEPT // 5):
        estimator.add(200 * MS)
    assert estimator.delay_ns == 200 * MS
    for _ in range(KEPT):
        estimator.add(30 * MS)
    assert estimator.delay_ns == 30 * MS

from __future__ import annotations

import threading

from robot_runtime.evaluation.compute_clock import ComputeClock


def busy() -> None:
    sum(range(3_000_000))


def test_what_this_thread_computes_counts_and_what_another_computes_does_not() -> None:
    clock = ComputeClock()
    begun = clock.begin()
    busy()
    own_ms = clock.took_ms("detector", 1, begun)
    begun = clock.begin()
    other = threading.Thread(target=busy)
    other.start()
    other.join()
    assert clock.took_ms("detector", 1, begun) < 0.5 * own_ms

"""The real-time path never touches the heap: a C++ program counts."""

from __future__ import annotations

from tests.rt_control.native_programs import program, run, values_of


def test_cycles_with_stops_resets_and_refusals_allocate_nothing() -> None:
    counts = values_of(run(str(program("allocation_guard"))))
    assert counts["cycles"] == 1_000_000
    assert counts["guard"] > 0, "the guard counts nothing"
    assert counts["allocations"] == 0
    assert min(counts[name] for name in ("moving", "latched", "resets", "refused_commands", "refused_requests")) > 10

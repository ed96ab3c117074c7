"""The real-time path never touches the heap: a C++ program counts."""

from __future__ import annotations

from tests.rt_control.native_programs import ADDRESS, program, run, values_of

MUST_HAPPEN = ("moving", "latched", "resets", "refused_commands", "refused_requests", "contacts")


def test_a_million_cycles_with_stops_resets_and_refusals_allocate_nothing() -> None:
    counted = values_of(run(program("allocation_guard")))
    assert counted["cycles"] == 1_000_000
    assert counted["guard"] > 0, "the guard counts nothing"
    assert counted["allocations"] == 0
    assert min(counted[name] for name in MUST_HAPPEN) > 10
    assert counted["clock_broken"] > 10


def test_the_same_cycles_have_no_undefined_behaviour() -> None:
    # AddressSanitizer replaces the heap itself, so that nothing is counted in this build.
    counted = values_of(run(program("allocation_guard", ADDRESS)))
    assert counted["cycles"] == 1_000_000
    assert min(counted[name] for name in MUST_HAPPEN) > 10


def test_estimator_and_contact_observer_allocate_nothing() -> None:
    counted = values_of(run(program("dynamics_guard")))
    assert counted["guard"] > 0, "the guard counts nothing"
    assert counted["allocations"] == 0
    assert min(counted[name] for name in ("contacts", "outliers", "refused", "reseeded")) > 10

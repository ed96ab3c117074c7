from __future__ import annotations

from behaviours.profile import BLIND, CPU_ONLY, FULL_COMPUTE, GPU_OVERLOADED
from robot_runtime.profile_handover import Care, ProfileHandover

S = 1_000_000_000
BOTH = ("perception", "policy")


def test_the_more_careful_of_old_and_new_holds_until_everybody_has_taken_it_up() -> None:
    handover = ProfileHandover(1.0)
    assert handover.update(0, GPU_OVERLOADED, 1, BOTH, {"perception": 1, "policy": 1}) == Care(1.5, 1.0)
    assert handover.update(1, FULL_COMPUTE, 2, BOTH, {"perception": 1, "policy": 2}) == Care(1.5, 1.0)
    assert handover.update(2, FULL_COMPUTE, 2, BOTH, {"perception": 2, "policy": 2}) == Care(1.0, 1.0)


def test_a_more_careful_profile_holds_at_once() -> None:
    handover = ProfileHandover(1.0)
    handover.update(0, FULL_COMPUTE, 1, BOTH, {"perception": 1, "policy": 1})
    assert handover.update(1, BLIND, 2, BOTH, {}) == Care(2.0, 0.25)


def test_several_changes_in_a_row_hold_the_most_careful_of_all() -> None:
    handover = ProfileHandover(1.0)
    handover.update(0, FULL_COMPUTE, 1, BOTH, {"perception": 1, "policy": 1})
    handover.update(1, CPU_ONLY, 2, BOTH, {"perception": 1, "policy": 1})
    assert handover.update(2, FULL_COMPUTE, 3, BOTH, {"perception": 2, "policy": 1}) == Care(2.0, 0.25)
    assert handover.update(3, FULL_COMPUTE, 3, BOTH, {"perception": 3, "policy": 4}) == Care(1.0, 1.0)


def test_a_worker_that_does_not_live_is_not_waited_for() -> None:
    handover = ProfileHandover(1.0)
    handover.update(0, GPU_OVERLOADED, 1, (), {})
    assert handover.update(1, FULL_COMPUTE, 2, ("policy",), {"policy": 2}) == Care(1.0, 1.0)


def test_a_worker_that_does_not_take_it_up_in_time_is_late_until_it_does() -> None:
    handover = ProfileHandover(1.0)
    handover.update(0, FULL_COMPUTE, 1, BOTH, {"perception": 1, "policy": 1})
    handover.update(1 * S, GPU_OVERLOADED, 2, BOTH, {"perception": 1, "policy": 2})
    assert handover.update(2 * S, GPU_OVERLOADED, 2, BOTH, {"perception": 1, "policy": 2}).late == frozenset()
    late = handover.update(2 * S + 1, GPU_OVERLOADED, 2, BOTH, {"perception": 1, "policy": 2})
    assert late.late == {"perception"}
    changed = handover.update(2 * S + 2, CPU_ONLY, 3, BOTH, {"perception": 1, "policy": 2})
    assert changed.late == {"perception"}
    back = handover.update(2 * S + 3, CPU_ONLY, 3, BOTH, {"perception": 3, "policy": 3})
    assert back == Care(2.0, 0.25)

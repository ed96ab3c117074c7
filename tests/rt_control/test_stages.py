"""Which stage of a cycle took the time, and how lateness names it."""

from __future__ import annotations

import pytest

from rt_control import _native as rt
from tests.rt_control.rig import Rig, request

STAGES = ("wake_up", "read", "decide", "write_drives", "write_state")


@pytest.mark.parametrize("stage", STAGES)
def test_the_longest_stage_is_named(stage: str) -> None:
    times = rt.StageTimes(**{f"{name}_ns": 5 for name in STAGES} | {f"{stage}_ns": 6})
    assert rt.longest_stage(times).name == stage


def test_of_two_that_took_the_same_the_earlier_is_named() -> None:
    assert rt.longest_stage(rt.StageTimes(decide_ns=7, write_state_ns=7)) == rt.Stage.decide


@pytest.mark.parametrize("stage", STAGES)
def test_a_delay_is_attributed_to_the_stage_that_took_longest_in_the_cycle_before(stage: str) -> None:
    rig = Rig().ready()
    before = rig.state.lateness.cycle
    rig.step(elapsed_ns=4 * rig.model.period_ns, stages=rt.StageTimes(**{f"{stage}_ns": 3_500_000}))
    assert before == 0
    assert rig.state.lateness.stage.name == stage
    assert rig.state.lateness.cycle == rig.state.cycle
    assert rig.state.lateness.skipped_ns == 3 * rig.model.period_ns


def test_the_delay_that_latched_a_stop_is_kept_until_its_reset() -> None:
    rig = Rig().moving()
    rig.step(elapsed_ns=10**9, stages=rt.StageTimes(decide_ns=10**9))
    assert rig.state.first_cause.fault == rt.Fault.lateness
    first = rig.state.lateness.cycle
    rig.step(elapsed_ns=4 * rig.model.period_ns, stages=rt.StageTimes(wake_up_ns=10**9))
    assert (rig.state.lateness.cycle, rig.state.lateness.stage) == (first, rt.Stage.decide)
    rig.until(lambda state: state.execution == rt.ExecutionState.stopped)
    rig.step(request(rt.RequestKind.reset))
    rig.until(lambda state: not state.latched)
    rig.step(elapsed_ns=4 * rig.model.period_ns, stages=rt.StageTimes(wake_up_ns=10**9))
    assert rig.state.lateness.stage == rt.Stage.wake_up


def test_the_state_tells_the_stage_times_it_was_given() -> None:
    rig = Rig()
    times = rt.StageTimes(wake_up_ns=1, read_ns=2, decide_ns=3, write_drives_ns=4, write_state_ns=5)
    assert rig.step(stages=times).stages == times

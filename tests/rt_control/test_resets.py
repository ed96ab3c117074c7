"""Who ends a latched stop, what interrupts it, and that drives which cannot follow are never taken for ready."""

from __future__ import annotations

import numpy as np
import pytest

from rt_control import _native as rt
from sim.drives import EMERGENCY_STOP_DELAY_CYCLES, VirtualDrives
from tests.rt_control.rig import AXES, Rig, request

Execution = rt.ExecutionState
Fault = rt.Fault
STOPS = pytest.mark.parametrize(
    "kind", [rt.RequestKind.stop, rt.RequestKind.safe_torque_off], ids=lambda kind: kind.name
)


def stopped_by_the_agent() -> Rig:
    rig = Rig().moving()
    rig.step(request(rt.RequestKind.stop, rt.Source.agent))
    rig.until(lambda state: state.execution == Execution.stopped)
    return rig


def resets_refused(rig: Rig) -> int:
    kind, code = rt.EventKind.request_refused, rt.RequestKind.reset
    return sum(event.kind == kind and event.code == code for event in rig.events)


def is_reset_by(rig: Rig, origin: rt.Source) -> bool:
    rig.step(request(rt.RequestKind.reset, origin))
    rig.steps(300)
    return not rig.state.latched


@STOPS
@pytest.mark.parametrize("order", ["stop first", "reset first"])
def test_a_stop_wins_over_a_reset_of_the_same_cycle(kind: rt.RequestKind, order: str) -> None:
    rig = stopped_by_the_agent()
    both = [request(kind), request(rt.RequestKind.reset)]
    rig.step(*(both if order == "stop first" else reversed(both)))
    assert not rig.drive_command.clear_fault
    assert resets_refused(rig) == 1
    assert rig.steps(300).latched
    assert is_reset_by(rig, rt.Source.operator_)


@STOPS
@pytest.mark.parametrize("later", [1, 5, 150])
def test_a_stop_wins_over_a_reset_in_progress(kind: rt.RequestKind, later: int) -> None:
    rig = stopped_by_the_agent()
    rig.plant_accepts = False
    rig.step(request(rt.RequestKind.reset))
    rig.steps(later - 1)
    assert rig.drive_command.clear_fault
    rig.plant_accepts = True
    rig.step(request(kind))
    assert not rig.drive_command.clear_fault
    assert resets_refused(rig) == 1
    assert rig.steps(300).latched
    assert is_reset_by(rig, rt.Source.operator_)


def test_an_agent_resets_a_stop_that_only_it_asked_for() -> None:
    rig = stopped_by_the_agent()
    rig.step(request(rt.RequestKind.stop, rt.Source.agent))
    assert is_reset_by(rig, rt.Source.agent)


def test_an_agent_does_not_reset_a_stop_that_an_operator_asked_for_too() -> None:
    rig = stopped_by_the_agent()
    rig.step(request(rt.RequestKind.stop))
    assert not is_reset_by(rig, rt.Source.agent)
    assert is_reset_by(rig, rt.Source.operator_)


def test_an_agent_does_not_reset_a_stop_to_which_the_e_stop_chain_was_opened() -> None:
    rig = stopped_by_the_agent()
    rig.status |= rt.DriveStatus.emergency_stop
    rig.steps(10)
    rig.status &= ~int(rt.DriveStatus.emergency_stop)
    assert not is_reset_by(rig, rt.Source.agent)
    assert is_reset_by(rig, rt.Source.operator_)
    rig.step(request(rt.RequestKind.stop, rt.Source.agent))
    assert is_reset_by(rig, rt.Source.agent), "what others asked for was reset with the stop before"


def test_no_reset_while_the_e_stop_chain_is_open() -> None:
    rig = stopped_by_the_agent()
    rig.status |= rt.DriveStatus.emergency_stop
    assert not is_reset_by(rig, rt.Source.operator_)
    assert resets_refused(rig) == 1


def test_an_e_stop_chain_that_opens_during_a_reset_ends_it() -> None:
    rig = stopped_by_the_agent()
    rig.plant_accepts = False
    rig.step(request(rt.RequestKind.reset))
    rig.steps(10)
    rig.status |= rt.DriveStatus.emergency_stop
    rig.step()
    rig.status &= ~int(rt.DriveStatus.emergency_stop)
    rig.plant_accepts = True
    assert rig.steps(300).latched
    assert resets_refused(rig) == 1


def test_a_reset_ends_only_when_the_drives_have_heard_of_it() -> None:
    rig = stopped_by_the_agent()
    rig.plant_accepts = False
    assert not is_reset_by(rig, rt.Source.operator_)
    rig.plant_accepts = True
    assert is_reset_by(rig, rt.Source.operator_)


def test_drives_that_never_follow_although_nothing_is_wrong_are_a_fault() -> None:
    rig = Rig()
    for _ in range(500):
        rig.status = 0
        assert not rig.step().latched
    for _ in range(5):
        rig.status = 0
        rig.step()
    assert rig.state.first_cause.fault == Fault.drive_fault
    assert not rig.drive_command.enable


def test_only_cycles_of_the_drives_count_until_they_must_follow() -> None:
    rig = Rig()
    rig.realtime = int(rt.RealtimeStatus.degraded)
    for cycle in range(2000):
        rig.status = 0
        rig.plant_alive = cycle % 10 == 0
        rig.step()
    assert not rig.state.latched


class DrivenRig(Rig):
    """A rig whose drives are the virtual ones."""

    def __init__(self) -> None:
        super().__init__()
        self.chain_open = False
        self._drives = VirtualDrives(0.001, np.full(AXES, 0.2), self.model.drive_watchdog_cycles)

    def _drive(self) -> None:
        reference = self._drives.step(self.drive_command, self.position, self.chain_open)
        self.status = self._drives.status
        if reference is not None:
            self.position = reference.position.copy()
        self.velocity = np.zeros(AXES) if reference is None else reference.velocity.copy()


def test_after_a_long_e_stop_the_drives_show_it_until_a_reset_and_follow_after_it() -> None:
    rig = DrivenRig()
    rig.moving()
    rig.chain_open = True
    rig.steps(EMERGENCY_STOP_DELAY_CYCLES + 100)
    assert rig.state.first_cause.fault == Fault.operator_stop
    assert not is_reset_by(rig, rt.Source.operator_), "the chain is open"
    rig.chain_open = False
    rig.steps(10)
    assert rig.state.drive_status & rt.DriveStatus.emergency_stop
    assert is_reset_by(rig, rt.Source.operator_)
    assert rig.state.drive_status == rt.DriveStatus.enabled
    assert rig.moving(epoch=2).state.execution == Execution.active

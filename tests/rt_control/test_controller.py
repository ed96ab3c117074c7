"""What the controller does: authority, commands, stops and resets, cycle by cycle."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rt_control import _native as rt
from tests.rt_control.rig import ARM_AXES, AXES, Rig, grant, request, small_model

Execution = rt.ExecutionState
Fault = rt.Fault


def agent_stops(rig: Rig) -> None:
    rig.step(request(rt.RequestKind.stop, rt.Source.agent))


def agent_falls_silent(rig: Rig) -> None:
    rig.agent_alive = False
    rig.steps(rig.model.agent_lease_cycles + 1)


def host_stalls(rig: Rig) -> None:
    rig.step(elapsed_ns=20_000_000)


def clock_stands_still(rig: Rig) -> None:
    rig.step(elapsed_ns=0)


def channel_breaks(rig: Rig) -> None:
    rig.step(channel_broken=True)


def drive_reports_a_fault(rig: Rig) -> None:
    rig.status |= rt.DriveStatus.fault
    rig.step()


def drives_fall_silent(rig: Rig) -> None:
    rig.plant_alive = False
    rig.steps(rig.model.drive_lost_cycles)


def axis_leaves_its_limits(rig: Rig) -> None:
    rig.plant_follows = False
    rig.velocity = np.zeros(AXES)
    rig.position[2] = rig.model.upper[2] + 2 * rig.model.position_tolerance
    rig.step()


def torque_off_is_requested(rig: Rig) -> None:
    rig.step(request(rt.RequestKind.safe_torque_off))


def robot_ignores_a_stop(rig: Rig) -> None:
    rig.plant_follows = False
    rig.step(request(rt.RequestKind.stop))
    rig.until(lambda state: state.stop == rt.Stop.sto)


def command_runs_out(rig: Rig) -> None:
    rig.step(commands=(rig.stream([1.5] * ARM_AXES + [0.0]),))
    rig.until(lambda state: state.command_id == 0)


def authority_is_revoked(rig: Rig) -> None:
    rig.step(request(rt.RequestKind.revoke_authority, rt.Source.agent, source=rt.Source.policy))


def hold_is_requested(rig: Rig) -> None:
    rig.step(request(rt.RequestKind.hold))


def forbidden_call_is_refused(rig: Rig) -> None:
    rig.step(forbidden_call=110)
    assert rig.state.first_cause.value == 110


def arm_is_pressed(rig: Rig) -> None:
    rig.torque = np.array([0.0, 70.0] + [0.0] * (AXES - 2))  # nothing weighs enough to need any
    rig.steps(20)
    assert rig.state.first_cause.axis == 1
    assert abs(rig.state.first_cause.value) > rig.state.first_cause.limit > 0


def person_comes_near(rig: Rig, distance_m: float = 0.05) -> None:
    rig.step(constraints=[person_at(rig, distance_m)])


def person_at(rig: Rig, distance_m: float) -> rt.Constraints:
    return rt.Constraints(
        source=rt.Source.perception,
        stamp_ns=rig.now_ns,
        speed_scale=1.0,
        margin_scale=1.0,
        person_distance_m=distance_m,
    )


# Every fault that can happen to a robot in motion; `restarted` has tests of its own.
CAUSES: dict[rt.Fault, Callable[[Rig], None]] = {
    Fault.command_ended: command_runs_out,
    Fault.authority_revoked: authority_is_revoked,
    Fault.hold_requested: hold_is_requested,
    Fault.separation: person_comes_near,
    Fault.operator_stop: agent_stops,
    Fault.agent_lost: agent_falls_silent,
    Fault.lateness: host_stalls,
    Fault.clock_broken: clock_stands_still,
    Fault.channel_broken: channel_breaks,
    Fault.drive_fault: drive_reports_a_fault,
    Fault.drive_lost: drives_fall_silent,
    Fault.ramp_not_followed: robot_ignores_a_stop,
    Fault.limit_violated: axis_leaves_its_limits,
    Fault.safe_torque_off_requested: torque_off_is_requested,
    Fault.forbidden_call: forbidden_call_is_refused,
    Fault.contact: arm_is_pressed,
}
RULES = {rule.fault: rule for rule in rt.fault_table()}


def remove_cause(rig: Rig) -> None:
    rig.agent_alive = rig.plant_alive = rig.plant_follows = True
    rig.position = np.clip(rig.position, rig.model.lower[:AXES], rig.model.upper[:AXES])
    rig.velocity = np.zeros(AXES)
    rig.torque = np.zeros(AXES)
    rig.steps(3)


def test_every_fault_of_the_table_has_a_test() -> None:
    assert set(CAUSES) == set(RULES) - {Fault.none, Fault.restarted}


@pytest.mark.parametrize("fault", CAUSES, ids=lambda fault: fault.name)
def test_a_moving_robot_does_what_the_fault_table_says(fault: rt.Fault) -> None:
    rig = Rig().moving()
    rule = RULES[fault]
    CAUSES[fault](rig)
    assert fault in rig.faults_raised()
    assert rig.state.last_cause.fault == fault
    assert bool(rig.state.latched) == rule.latched
    assert rig.state.stop == rule.stop
    if rule.stop == rt.Stop.sto:
        assert rig.state.execution == Execution.fault
        assert not rig.drive_command.enable
        return
    assert rig.state.execution == Execution.stopping
    rig.agent_alive = True
    rig.until(lambda state: state.execution != Execution.stopping, most=600)
    assert rig.state.execution == (Execution.stopped if rule.latched else rig.state.execution)
    assert (rig.state.velocity_reference == 0).all()
    assert bool(rig.drive_command.enable) == (rule.stop == rt.Stop.ss2)


@pytest.mark.parametrize("fault", [fault for fault in CAUSES if RULES[fault].latched], ids=lambda fault: fault.name)
def test_a_latched_stop_ends_by_the_operator_alone_and_never_restarts_motion(fault: rt.Fault) -> None:
    rig = Rig().moving()
    CAUSES[fault](rig)
    first = rig.state.first_cause if fault != Fault.ramp_not_followed else rig.state.last_cause
    assert first.fault == fault
    remove_cause(rig)
    rig.until(lambda state: state.execution in (Execution.stopped, Execution.fault))
    assert rig.state.authority == rt.Source.none
    if fault != Fault.operator_stop:
        rig.step(request(rt.RequestKind.reset, rt.Source.agent))
        rig.steps(300)
        assert rig.state.latched
    rig.step(request(rt.RequestKind.reset))
    state = rig.until(lambda state: not state.latched)
    assert state.execution == Execution.idle
    assert state.stop == rt.Stop.none
    assert state.first_cause.fault == Fault.none
    assert state.epoch_highest == 1
    assert state.position_reference[:AXES] == pytest.approx(rig.position)
    still = rig.position.copy()
    rig.steps(100)
    rig.step(commands=(rig.chunk([still, still + 0.1], 0.2, epoch=1),))
    assert rig.state.refusal == rt.Refusal.wrong_authority
    rig.steps(100)
    assert (rig.position == still).all()
    rig.step(grant(rt.Source.policy, 1))
    assert rig.state.authority == rt.Source.none  # an epoch is never used twice
    rig.step(grant(rt.Source.policy, 2))
    rig.step(commands=(rig.sweep(-0.2),))
    assert rig.state.execution == Execution.active


@pytest.mark.parametrize(
    "fault", [Fault.agent_lost, Fault.drive_lost, Fault.limit_violated], ids=lambda fault: fault.name
)
def test_no_reset_while_a_lasting_cause_is_there(fault: rt.Fault) -> None:
    rig = Rig().moving()
    CAUSES[fault](rig)
    rig.until(lambda state: state.execution in (Execution.stopped, Execution.fault))
    rig.step(request(rt.RequestKind.reset))
    rig.steps(300)
    assert rig.state.latched
    refused = [event for event in rig.events if event.kind == rt.EventKind.request_refused]
    assert refused[-1].code == rt.RequestKind.reset


def test_no_reset_while_the_robot_moves() -> None:
    rig = Rig().moving()
    rig.step(request(rt.RequestKind.stop))
    rig.step(request(rt.RequestKind.reset))
    rig.until(lambda state: state.execution == Execution.stopped)
    rig.steps(300)
    assert rig.state.latched


def test_a_drive_fault_that_does_not_clear_refuses_the_reset() -> None:
    rig = Rig().moving()
    drive_reports_a_fault(rig)
    rig.step(request(rt.RequestKind.reset))
    for _ in range(300):
        rig.status |= rt.DriveStatus.fault
        rig.step()
    assert rig.state.latched
    assert not rig.drive_command.clear_fault


def test_the_first_cause_stays_while_worse_follows_and_the_worst_stop_wins() -> None:
    rig = Rig().moving()
    agent_stops(rig)
    ramp = rig.state
    assert ramp.stop == rt.Stop.ss1
    drive_reports_a_fault(rig)
    torque_off_is_requested(rig)
    assert rig.state.stop == rt.Stop.sto
    assert rig.state.first_cause.fault == Fault.operator_stop
    assert rig.state.first_cause.cycle == ramp.cycle
    assert rig.state.last_cause.fault == Fault.safe_torque_off_requested


def test_an_agent_may_not_reset_its_own_stop_when_more_has_happened() -> None:
    rig = Rig().moving()
    agent_stops(rig)
    rig.until(lambda state: state.execution == Execution.stopped)
    rig.step(channel_broken=True)
    rig.step(request(rt.RequestKind.reset, rt.Source.agent))
    rig.steps(300)
    assert rig.state.latched


def test_a_reset_of_nothing_is_refused(rig: Rig) -> None:
    rig.ready()
    rig.step(request(rt.RequestKind.reset))
    assert rig.events[-1].kind == rt.EventKind.request_refused
    assert rig.state.execution == Execution.idle


@pytest.mark.parametrize("source", [rt.Source.none, rt.Source.perception, rt.Source.plant, rt.Source.operator_])
def test_authority_is_for_sources_that_can_command(rig: Rig, source: rt.Source) -> None:
    rig.steps(3)
    rig.step(grant(source, 5))
    assert rig.state.authority == rt.Source.none
    assert rig.state.epoch_highest == 0


@pytest.mark.parametrize("origin", [rt.Source.operator_, rt.Source.policy, rt.Source.none])
def test_only_the_agent_may_grant_authority(rig: Rig, origin: rt.Source) -> None:
    rig.steps(3)
    rig.step(request(rt.RequestKind.grant_authority, origin, source=rt.Source.jog, epoch=5))
    assert rig.state.authority == rt.Source.none
    assert rig.state.epoch_highest == 0
    assert rig.events[-1].kind == rt.EventKind.request_refused


def test_epochs_rise_strictly(rig: Rig) -> None:
    rig.ready(epoch=5)
    for epoch in (5, 4, 0):
        rig.step(grant(rt.Source.jog, epoch))
        assert rig.state.authority == rt.Source.policy and rig.state.epoch == 5
    rig.step(grant(rt.Source.jog, 6))
    assert rig.state.authority == rt.Source.jog and rig.state.epoch_highest == 6


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"epoch": 1}, rt.Refusal.wrong_epoch),
        ({"epoch": 3}, rt.Refusal.wrong_epoch),
        ({"source": rt.Source.jog}, rt.Refusal.wrong_authority),
        ({"axes": 7}, rt.Refusal.malformed),
        ({"count": 0}, rt.Refusal.malformed),
        ({"count": 33}, rt.Refusal.malformed),
        ({"spacing_ns": 0}, rt.Refusal.malformed),
        ({"spacing_ns": -1}, rt.Refusal.malformed),
        ({"spacing_ns": 2**63 - 1}, rt.Refusal.malformed),
        ({"start_ns": 2**63 - 1}, rt.Refusal.malformed),
        ({"start_ns": -(2**63)}, rt.Refusal.malformed),
        ({"end_ns": 0}, rt.Refusal.malformed),
        ({"end_ns": 2**63 - 1}, rt.Refusal.malformed),
        ({"observation_ns": -1}, rt.Refusal.malformed),
        ({"observation_ns": 2**63 - 1}, rt.Refusal.malformed),
        ({"kind": rt.CommandKind.none}, rt.Refusal.malformed),
        ({"kind": rt.CommandKind.stream}, rt.Refusal.malformed),
        ({"kind": rt.CommandKind.stream, "count": 1, "start_ns": 2**63 - 1}, rt.Refusal.malformed),
        ({"kind": rt.CommandKind.stream, "count": 1, "start_ns": -(2**63)}, rt.Refusal.malformed),
        ({"observation_ns": 500_000_000}, rt.Refusal.too_old),
        ({"start_ns": 100, "end_ns": 200}, rt.Refusal.too_old),
        ({"position": [[math.nan] * AXES] * 32}, rt.Refusal.not_finite),
        ({"position": [[0.0] * AXES] * 31 + [[math.inf] * AXES]}, rt.Refusal.not_finite),
        ({"position": [[2.1] + [0.0] * 7] * 32}, rt.Refusal.out_of_range),
        ({"position": [[0.0] * 7 + [-0.01]] * 32}, rt.Refusal.out_of_range),
    ],
)
def test_a_refused_command_is_explained_and_moves_nothing(fields: dict[str, Any], refusal: rt.Refusal) -> None:
    rig = Rig().ready(epoch=2)
    still = rig.position.copy()
    command = rig.sweep()
    for name, value in fields.items():
        setattr(command, name, value)
    rig.step(commands=(command,))
    assert rig.state.refusal == refusal
    assert rig.state.refused == 1
    assert rig.state.refused_id == command.command_id
    assert rig.state.refused_source == command.source
    rig.steps(50)
    assert (rig.position == still).all()
    assert rig.state.execution == Execution.idle


def test_a_command_that_failed_its_checksum_is_refused(rig: Rig) -> None:
    rig.ready()
    rig.step(corrupt_commands=[rt.Source.policy])
    assert rig.state.refusal == rt.Refusal.crc
    assert rig.state.refused == 1


def test_a_refused_command_does_not_end_the_one_before() -> None:
    rig, undisturbed = Rig().moving(), Rig().moving()
    for _ in range(600):
        rig.step(commands=(rig.sweep(epoch=0),))
        undisturbed.step()
        assert (rig.position == undisturbed.position).all()
    assert rig.state.refused == 600
    refusals = [event for event in rig.events if event.kind == rt.EventKind.command_refused]
    assert len(refusals) == 1  # said once, not in every cycle


def test_commands_are_refused_until_the_drives_follow(rig: Rig) -> None:
    rig.step(grant(rt.Source.policy, 1))
    rig.step(commands=(rig.sweep(observation_ns=rig.now_ns),))
    assert rig.state.refusal in (rt.Refusal.not_ready, rt.Refusal.none)
    lame = Rig()
    lame.step(grant(rt.Source.policy, 1))
    lame.status = 0
    lame.step(commands=(lame.sweep(),))
    assert lame.state.refusal == rt.Refusal.not_ready


def test_braking_begins_in_the_cycle_in_which_the_chunk_ends() -> None:
    rig = Rig().ready()
    command = rig.sweep()
    command.end_ns = command.start_ns + 200_000_000
    rig.step(commands=(command,))
    while rig.now_ns < command.end_ns - rig.model.period_ns:
        rig.step()
        assert rig.state.execution == Execution.active
    speed = rig.state.velocity_reference[:ARM_AXES].max()
    pull = rig.state.acceleration_reference[0]
    state = rig.step()
    assert state.stamp_ns == command.end_ns
    assert state.execution == Execution.stopping
    assert state.last_cause.fault == Fault.command_ended and not state.latched
    assert state.acceleration_reference[0] == pytest.approx(pull - rig.model.jerk[0] * 0.001), "as the jerk allows"
    jerk_s = (pull + 2 * 10.0) / rig.model.jerk[0]
    rig.until(lambda state: state.execution == Execution.holding, most=int((speed / 10.0 + jerk_s) / 0.001) + 3)
    rig.step(commands=(rig.sweep(-0.3),))
    assert rig.state.execution == Execution.active
    assert rig.state.stop == rt.Stop.none


def test_a_chunk_for_later_waits_while_the_present_one_goes_on() -> None:
    rig = Rig().moving()
    running = rig.state.command_id
    later = rig.chunk([rig.position, rig.position], 0.5, start_ns=rig.now_ns + 50_000_000)
    later.end_ns = later.start_ns + 500_000_000
    rig.step(commands=(later,))
    assert rig.state.command_id == running
    rig.until(lambda state: state.stamp_ns == later.start_ns)
    assert rig.state.command_id == later.command_id


def test_the_lease_of_a_stream_is_counted_in_executed_cycles() -> None:
    rig = Rig(small_model(lateness_limit_ns=10**9)).ready()
    rig.step(commands=(rig.stream([1.0] * ARM_AXES + [0.0]),))
    rig.step(elapsed_ns=500_000_000)  # a stall of the whole host is one cycle
    assert rig.steps(rig.model.stream_lease_cycles - 1).execution == Execution.active
    assert rig.step().execution == Execution.stopping
    assert rig.state.last_cause.fault == Fault.command_ended


def test_the_lease_of_the_agent_is_counted_in_executed_cycles() -> None:
    rig = Rig(small_model(lateness_limit_ns=10**9)).ready()
    rig.agent_alive = False
    rig.step(elapsed_ns=900_000_000)
    rig.steps(rig.model.agent_lease_cycles - 1)
    assert not rig.state.latched
    rig.step()
    assert rig.state.first_cause.fault == Fault.agent_lost


def test_a_repeated_heartbeat_does_not_count_as_life() -> None:
    rig = Rig().ready()
    rig.agent_alive = False
    frozen = rt.Heartbeat(source=rt.Source.agent, pid=1, count=rig.agent_count, stamp_ns=rig.now_ns)
    for _ in range(rig.model.agent_lease_cycles + 1):
        rig.step(agent_heartbeat=frozen)
    assert rig.state.first_cause.fault == Fault.agent_lost


@pytest.mark.parametrize("pid", [1, 2])
def test_a_heartbeat_whose_stamp_does_not_rise_is_no_life_whatever_else_changes(pid: int) -> None:
    rig = Rig().ready()
    rig.agent_alive = False
    stamp_ns = rig.now_ns
    for count in range(rig.model.agent_lease_cycles + 1):
        rig.step(agent_heartbeat=rt.Heartbeat(source=rt.Source.agent, pid=pid, count=10**6 + count, stamp_ns=stamp_ns))
    assert rig.state.first_cause.fault == Fault.agent_lost


def test_an_agent_that_was_replaced_is_alive_when_its_stamp_rises() -> None:
    rig = Rig().ready()
    rig.agent_alive = False
    for _ in range(2 * rig.model.agent_lease_cycles):
        rig.step(agent_heartbeat=rt.Heartbeat(source=rt.Source.agent, pid=2, count=0, stamp_ns=rig.now_ns))
    assert not rig.state.latched


def test_an_agent_that_says_goodbye_is_not_lost() -> None:
    rig = Rig().moving()
    rig.agent_alive = False
    goodbye = rt.Heartbeat(
        source=rt.Source.agent, pid=1, count=10**6, state=rt.ProcessState.stopping, stamp_ns=rig.now_ns + 1
    )
    rig.step(agent_heartbeat=goodbye)
    assert rig.state.authority == rt.Source.none
    assert rig.state.execution == Execution.stopping
    assert rig.steps(2 * rig.model.agent_lease_cycles).execution == Execution.idle
    assert not rig.state.latched


def test_lateness_is_judged_more_loosely_and_visibly_without_realtime() -> None:
    rig = Rig()
    rig.realtime = int(rt.RealtimeStatus.degraded)
    rig.moving()
    rig.step(elapsed_ns=100_000_000)
    assert not rig.state.latched
    assert rig.state.realtime == rt.RealtimeStatus.degraded
    rig.step(elapsed_ns=300_000_000)
    assert rig.state.first_cause.fault == Fault.lateness
    assert rig.state.first_cause.value == pytest.approx(0.299)


def test_many_small_delays_are_a_fault_as_one_long_one_is() -> None:
    rig = Rig().ready()
    limit_s = rig.model.lateness_limit_ns * 1e-9
    for _ in range(2):
        rig.step(elapsed_ns=3_000_000)
        assert not rig.steps(99).latched
    rig.step(elapsed_ns=3_000_000)
    assert rig.state.first_cause.fault == Fault.lateness
    assert limit_s < rig.state.first_cause.value < 3 * 0.002
    rig.until(lambda state: state.execution == Execution.stopped)
    rig.step(request(rt.RequestKind.reset))
    rig.until(lambda state: not state.latched)


def test_delays_that_come_seldom_are_forgotten() -> None:
    rig = Rig().ready()
    for _ in range(20):
        rig.step(elapsed_ns=3_000_000)
        rig.steps(1000)
    assert not rig.state.latched


def test_a_degraded_simulated_robot_may_lose_a_third_of_its_time_but_not_most_of_it() -> None:
    rig = Rig()
    rig.realtime = int(rt.RealtimeStatus.degraded)
    rig.ready()
    for _ in range(100):
        rig.step(elapsed_ns=40_000_000)
        rig.steps(80)
    assert not rig.state.latched
    for _ in range(20):
        rig.step(elapsed_ns=200_000_000)
        rig.steps(50)
    assert rig.state.first_cause.fault == Fault.lateness


def test_requests_and_events_that_are_lost_are_counted_and_the_requests_said(rig: Rig) -> None:
    rig.ready()
    rig.step(requests_lost=3)
    assert rig.state.requests_lost == 3
    assert rig.events[-1].kind == rt.EventKind.requests_lost and rig.events[-1].requested == 3
    for count in range(4, 50):
        rig.step(requests_lost=count)
    rig.steps(100)
    rig.step(requests_lost=50)
    said = [event.requested for event in rig.events if event.kind == rt.EventKind.requests_lost]
    assert said == [3, 50]
    before = rig.state.events
    rig.step(*[request(rt.RequestKind.reset)] * 100)
    assert rig.state.events == before + 64
    assert rig.state.events_lost == 36


@pytest.mark.parametrize("distance", [0.8, 0.3])
@pytest.mark.parametrize(
    "brake", [hold_is_requested, authority_is_revoked, person_comes_near], ids=lambda f: f.__name__
)
def test_a_robot_that_goes_on_through_an_ss2_loses_its_torque(brake: Callable[[Rig], None], distance: float) -> None:
    rig = Rig().ready()
    rig.step(commands=(rig.sweep(distance),))
    rig.steps(300)
    rig.plant_follows = False
    assert np.abs(rig.velocity[:ARM_AXES]).min() > 10 * rig.model.standstill_velocity
    brake(rig)
    rig.until(lambda state: state.stop == rt.Stop.sto, most=1000)
    assert rig.state.last_cause.fault == Fault.ramp_not_followed
    assert not rig.drive_command.enable


def test_a_robot_that_moves_again_after_an_ss2_is_not_held_to_its_ramp() -> None:
    rig = Rig().moving()
    hold_is_requested(rig)
    rig.step(request(rt.RequestKind.begin_skill, rt.Source.agent, skill=9))
    goal = np.array([1.5] * ARM_AXES + [0.0])
    for _ in range(1000):
        rig.step(commands=(rig.stream(goal),))
        rig.velocity = rig.velocity + np.array([0.25] * ARM_AXES + [0.0])  # more than a ramp would let pass at rest
    assert not rig.state.latched


def test_a_held_robot_takes_no_commands_until_a_skill_begins_or_authority_is_granted() -> None:
    rig = Rig().moving()
    hold_is_requested(rig)
    rig.step(commands=(rig.sweep(),))
    assert rig.state.refusal == rt.Refusal.held
    rig.step(request(rt.RequestKind.begin_skill, rt.Source.agent, skill=9))
    assert rig.state.skill == 9
    rig.step(commands=(rig.sweep(-0.1),))
    assert rig.state.execution == Execution.active
    rig.step(request(rt.RequestKind.end_skill, rt.Source.agent, skill=9))
    assert rig.state.skill == 0


def test_drives_that_are_enabled_already_are_told_to_stay_where_they_are() -> None:
    rig = Rig()
    rig.position[:ARM_AXES] = 0.7
    rig.status = int(rt.DriveStatus.enabled)
    rig.step()
    assert rig.drive_command.enable == 1
    assert rig.drive_command.position[:ARM_AXES] == pytest.approx([0.7] * ARM_AXES)


def test_a_robot_that_stopped_for_a_person_continues_when_the_way_is_clear() -> None:
    model = small_model(full_speed_mps=1.7)
    stop_m = rt.Separation(model).protective_m(0.0)
    rig = Rig(model).ready()
    rig.step(commands=(rig.chunk(np.linspace(rig.position, rig.position + 0.5 * (np.arange(8) < 7), 32), 0.06),))
    rig.steps(200)
    person_comes_near(rig)
    rig.until(lambda state: state.execution == Execution.holding)
    still = rig.position.copy()
    for _ in range(100):
        person_comes_near(rig, stop_m + 0.01)  # a hair outside: not yet clear
    assert (rig.position == still).all()
    person_comes_near(rig, stop_m + 0.2)
    assert rig.state.execution == Execution.active
    assert 0 < rig.state.speed_scale < 1
    for _ in range(100):
        person_comes_near(rig, 1.0)
    assert rig.state.speed_scale == 1.0
    assert np.linalg.norm(rig.position - still) > 0.01


def test_a_person_who_was_near_when_perception_fell_silent_is_still_there() -> None:
    slot = rt.ConstraintSlot(source=rt.Source.perception, lease_cycles=50)
    rig = Rig(small_model(constraint_slots=[slot])).ready()
    rig.step(commands=(rig.sweep(),))
    person_comes_near(rig)
    rig.steps(200)
    rig.step(commands=(rig.sweep(),))
    assert rig.state.stale_constraints
    assert (rig.steps(100).velocity_reference == 0).all()


def test_margins_multiply_the_protective_distance() -> None:
    model = small_model()
    stop_m = rt.Separation(model).protective_m(0.0)
    rig = Rig(model).moving()
    careful = person_at(rig, 1.5 * stop_m)
    careful.margin_scale = 2.0
    rig.step(constraints=[careful])
    assert rig.state.margin_scale == 2.0
    assert rig.state.last_cause.fault == Fault.separation
    assert rig.state.last_cause.limit == pytest.approx(2.0 * stop_m)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"speed_scale": float("nan")},
        {"speed_scale": 2.0},
        {"margin_scale": 0.5},
        {"person_distance_m": -1.0},
        {"stamp_ns": -(2**63)},
        {"stamp_ns": 2**63 - 1},
        {"stamp_ns": 1_020_000_000},  # 16 ms after the cycle that hears it
    ],
)
def test_constraints_that_make_no_sense_do_not_count(nonsense: dict[str, Any]) -> None:
    slot = rt.ConstraintSlot(source=rt.Source.perception, lease_cycles=50, stale_speed_scale=0.5)
    rig = Rig(small_model(constraint_slots=[slot])).ready()
    message = person_at(rig, 1.0)
    for name, value in nonsense.items():
        setattr(message, name, value)
    rig.step(constraints=[message])
    assert rig.state.stale_constraints == 1 << rt.Source.perception
    assert rig.state.speed_scale == 0.5


def test_what_was_measured_long_ago_is_stale_at_once() -> None:
    slot = rt.ConstraintSlot(source=rt.Source.perception, lease_cycles=50, stale_speed_scale=0.5)
    rig = Rig(small_model(constraint_slots=[slot])).ready()
    message = person_at(rig, rt.NO_PERSON_DISTANCE)
    message.stamp_ns = rig.now_ns - 900_000_000
    rig.step(constraints=[message])
    assert rig.state.stale_constraints == 1 << rt.Source.perception
    message.stamp_ns = rig.now_ns - 29_000_000  # 30 ms old when it is heard
    rig.step(constraints=[message])
    assert rig.steps(19).speed_scale == 1.0
    assert rig.step().speed_scale == 0.5


def test_a_stamp_from_the_future_does_not_mute_its_source() -> None:
    slot = rt.ConstraintSlot(source=rt.Source.perception, lease_cycles=50, stale_speed_scale=0.5)
    rig = Rig(small_model(constraint_slots=[slot])).ready()
    message = person_at(rig, 1.0)
    message.stamp_ns = rig.now_ns + 3_600_000_000_000
    rig.step(constraints=[message])
    rig.step(constraints=[person_at(rig, 1.0)])
    assert not rig.state.stale_constraints


def test_a_measurement_newer_than_the_cycle_that_woke_late_is_heard() -> None:
    slot = rt.ConstraintSlot(source=rt.Source.perception, lease_cycles=50, stale_speed_scale=0.5)
    rig = Rig(small_model(constraint_slots=[slot])).ready()
    message = person_at(rig, 1.0)
    message.stamp_ns = rig.now_ns + 100_000_000
    rig.step(constraints=[message], wake_latency_ns=110_000_000)
    assert not rig.state.stale_constraints


def test_the_first_start_is_idle_and_enables_the_drives_where_they_stand() -> None:
    rig = Rig()
    rig.position = np.array([0.3, -0.2, 0.1, 0.5, 0.0, 1.0, -1.0, 0.02])
    still = rig.position.copy()
    rig.steps(10)
    assert rig.drive_command.enable and rig.state.execution == Execution.idle
    assert (rig.position == still).all()


def test_a_robot_that_moves_at_the_first_look_is_latched() -> None:
    rig = Rig()
    rig.velocity = np.full(AXES, 0.3)
    rig.step()
    assert rig.state.first_cause.fault == Fault.restarted
    assert not rig.drive_command.enable


def test_after_a_crash_it_begins_latched_and_epochs_go_on() -> None:
    before = Rig().moving(epoch=7)
    rig = Rig(generation=2, previous=before.state)
    rig.position = before.position
    rig.steps(5)
    assert rig.state.first_cause.fault == Fault.restarted
    assert rig.state.execution == Execution.fault
    assert rig.state.epoch_highest == 7
    assert not rig.drive_command.enable
    rig.step(request(rt.RequestKind.reset))
    rig.until(lambda state: not state.latched)
    assert rig.step(grant(rt.Source.policy, 7)).authority == rt.Source.none
    assert rig.step(grant(rt.Source.policy, 8)).authority == rt.Source.policy


def test_a_shutdown_brakes_and_the_next_start_is_not_latched() -> None:
    rig = Rig().moving()
    for _ in range(1000):
        rig.step(shutdown=True)
        if rig.finished:
            break
    assert rig.finished and rig.state.ended
    assert not rig.drive_command.enable
    assert (rig.state.velocity_reference == 0).all()
    assert not Rig(previous=rig.state).step().latched


def test_a_shutdown_of_a_latched_robot_does_not_reset_it() -> None:
    rig = Rig().moving()
    torque_off_is_requested(rig)
    rig.step(shutdown=True)
    assert rig.finished and not rig.state.ended
    assert Rig(previous=rig.state).step().latched


def test_grants_and_drives_are_stamped_with_the_generation() -> None:
    rig = Rig(generation=4)
    rig.step()
    assert rig.state.generation == rig.drive_command.generation == 4


def test_the_execution_table_is_the_one_that_is_documented() -> None:
    table = rt.execution_table()
    latched = {Execution.stopped, Execution.fault}
    assert len(table) == len(Execution) and all(len(row) == len(rt.ExecutionEvent) for row in table)
    for before in Execution:
        assert table[before][rt.ExecutionEvent.torque_off] == Execution.fault
        if before in latched:
            assert {table[before][event] for event in rt.ExecutionEvent} == {before, Execution.fault, Execution.idle}
            assert table[before][rt.ExecutionEvent.reset] == Execution.idle
            assert table[before][rt.ExecutionEvent.moves] == before


def test_the_same_inputs_give_the_same_outputs_to_the_bit() -> None:
    def run() -> list[bytes]:
        rig = Rig().moving()
        rig.steps(300)
        return [rig.state.position_reference.tobytes(), rig.state.velocity_reference.tobytes()]

    assert run() == run()

"""Ten thousand injections, fault by fault in every phase of a motion: each is found in its time, counted in cycles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from rt_control import _native as rt
from tests.rt_control.rig import ARM_AXES, AXES, Rig, request, small_model

PHASES = 500
LEASES = {"agent_lease_cycles": 30, "drive_lost_cycles": 5, "stream_lease_cycles": 20}
Inject = Callable[[Rig], None]


@dataclass(frozen=True, slots=True)
class Injection:
    """One fault.

    Attributes:
        inject: what is done; it makes the first cycle in which the fault is there, and what keeps it there.
        within_cycles: after how many cycles at most it must be found; 1 is the cycle itself.
        fault: that is raised; None if a refusal is expected.
        refusal: of the command, if one is expected.
        moving: whether the fault concerns only a robot that follows a command.
    """

    inject: Inject
    within_cycles: int
    fault: rt.Fault | None = None
    refusal: rt.Refusal = rt.Refusal.none
    moving: bool = False


def command(**fields: object) -> Inject:
    return lambda rig: void(rig.step(commands=(rig.sweep(-0.1, **fields),)))


def setpoints(value: float) -> Inject:
    def inject(rig: Rig) -> None:
        positions = np.tile(rig.state.position_reference[:AXES], (32, 1))
        positions[17, 3] = value
        rig.step(commands=(rig.chunk(positions),))

    return inject


def asked(kind: rt.RequestKind) -> Inject:
    return lambda rig: void(rig.step(request(kind)))


def status(bits: rt.DriveStatus) -> Inject:
    def inject(rig: Rig) -> None:
        rig.status |= int(bits)
        rig.step()

    return inject


def old_epoch(rig: Rig) -> None:
    rig.step(commands=(rig.sweep(-0.1, epoch=rig.state.epoch - 1),))


def old_observation(rig: Rig) -> None:
    age_ns = rig.model.observation_age_limit_ns + rig.model.period_ns
    rig.step(commands=(rig.sweep(-0.1, observation_ns=rig.now_ns - age_ns),))


def silent_stream(rig: Rig) -> None:
    """The last setpoint of a stream is the cycle before the lease begins to run."""
    rig.step(commands=(rig.stream(rig.state.position_reference[:AXES] + 0.01),))
    rig.step()


def silent_drives(rig: Rig) -> None:
    rig.plant_alive = False
    rig.step()


def not_a_number(rig: Rig) -> None:
    rig.position = rig.position.copy()
    rig.position[2] = np.nan
    rig.plant_follows = False
    rig.step()


def silent_agent(rig: Rig) -> None:
    rig.agent_alive = False
    rig.step()


def outside(rig: Rig) -> None:
    rig.position = rig.position.copy()
    rig.position[1] = rig.model.upper[1] + 2 * rig.model.position_tolerance
    rig.plant_follows = False
    rig.step()


def person(rig: Rig) -> None:
    rig.step(
        constraints=[
            rt.Constraints(
                source=rt.Source.perception,
                stamp_ns=rig.now_ns,
                speed_scale=1.0,
                margin_scale=1.0,
                person_distance_m=0.01,
            )
        ]
    )


def void(_: object) -> None:
    return None


F, R = rt.Fault, rt.Refusal
INJECTIONS: dict[str, Injection] = {
    "a setpoint that is not a number": Injection(setpoints(np.nan), 1, refusal=R.not_finite),
    "an infinite setpoint": Injection(setpoints(-np.inf), 1, refusal=R.not_finite),
    "a setpoint beyond its limit": Injection(setpoints(2.001), 1, refusal=R.out_of_range),
    "an old epoch": Injection(old_epoch, 1, refusal=R.wrong_epoch),
    "a source without authority": Injection(command(source=rt.Source.jog), 1, refusal=R.wrong_authority),
    "a broken checksum": Injection(lambda rig: void(rig.step(corrupt_commands=[rt.Source.policy])), 1, refusal=R.crc),
    "a command with too many setpoints": Injection(command(count=33), 1, refusal=R.malformed),
    "an old observation": Injection(old_observation, 1, refusal=R.too_old),
    "a stream that falls silent": Injection(silent_stream, 20 + 1, F.command_ended),
    "a person near by": Injection(person, 1, F.separation, moving=True),
    "a requested stop": Injection(asked(rt.RequestKind.stop), 1, F.operator_stop),
    "an open e-stop chain": Injection(status(rt.DriveStatus.emergency_stop), 1, F.operator_stop),
    "requested removal of torque": Injection(asked(rt.RequestKind.safe_torque_off), 1, F.safe_torque_off_requested),
    "a fault of a drive": Injection(status(rt.DriveStatus.fault), 1, F.drive_fault),
    "a watchdog of the drives that tripped": Injection(status(rt.DriveStatus.watchdog_tripped), 1, F.drive_fault),
    "drives that fall silent": Injection(silent_drives, LEASES["drive_lost_cycles"], F.drive_lost),
    "drives that measure no number": Injection(not_a_number, LEASES["drive_lost_cycles"], F.drive_lost),
    "an agent that falls silent": Injection(silent_agent, LEASES["agent_lease_cycles"] + 1, F.agent_lost),
    "an axis outside its limits": Injection(outside, 1, F.limit_violated),
    "a clock that goes back": Injection(lambda rig: void(rig.step(elapsed_ns=-1)), 1, F.clock_broken),
    "a cycle that is late": Injection(lambda rig: void(rig.step(elapsed_ns=7_000_000)), 1, F.lateness),
    "a channel that cannot be written": Injection(lambda rig: void(rig.step(channel_broken=True)), 1, F.channel_broken),
}


def moments() -> Iterator[Rig]:
    """One robot in every phase: speeding up, fast, slowing down, braking, holding, streaming, ready."""
    rig = Rig(small_model(**LEASES)).ready()
    random = np.random.default_rng(0)
    for number in range(PHASES):
        phase = number % 6
        if phase == 0:
            rig.step(commands=(rig.sweep(-0.7 if rig.state.position_reference[0] > 0 else 0.7),))
        elif phase == 3:
            rig.step(request(rt.RequestKind.hold, rt.Source.agent))
        elif phase == 4:
            rig.step(request(rt.RequestKind.begin_skill, rt.Source.agent, skill=number))
        elif phase == 5:
            for _ in range(10):
                rig.step(commands=(rig.stream(random.uniform(-1.0, 1.0, AXES).clip(0.0, 0.04)),))
        rig.steps(int(random.integers(1, 120)))
        assert not rig.state.latched
        yield rig.fork()


@pytest.fixture(scope="module")
def robots() -> list[Rig]:
    found = list(moments())
    assert sum(bool(np.abs(rig.state.velocity_reference).max() > 0) for rig in found) > PHASES / 2
    return found


@pytest.mark.parametrize("name", INJECTIONS)
def test_a_fault_is_found_within_its_cycles_in_every_phase_of_a_motion(name: str, robots: list[Rig]) -> None:
    injection = INJECTIONS[name]
    missed, made = 0, 0
    for robot in robots:
        if injection.moving and robot.state.execution != rt.ExecutionState.active:
            continue
        rig = robot.fork()
        refused, events, made = rig.state.refused, len(rig.events), made + 1
        stepped = rig.state.cycle
        injection.inject(rig)
        begin = rig.state.cycle if injection.inject is silent_stream else stepped + 1
        while not _found(rig, injection, refused, events) and rig.state.cycle - begin + 1 < injection.within_cycles:
            rig.step()
        missed += not _found(rig, injection, refused, events)
    assert missed == 0
    assert made >= (PHASES if not injection.moving else PHASES // 8)


def _found(rig: Rig, injection: Injection, refused: int, events: int) -> bool:
    if injection.fault is None:
        return rig.state.refused > refused and rig.state.refusal == injection.refusal
    raised = [event.code for event in rig.events[events:] if event.kind == rt.EventKind.stop_raised]
    if injection.fault == rt.Fault.command_ended and rig.state.refused > refused:
        return True  # held: a stream that is not taken cannot fall silent
    if injection.fault == rt.Fault.separation and rt.Fault.command_ended in raised:
        return True  # the motion ended in the same cycle: there is nothing that a person could be in the way of
    return int(injection.fault) in raised or rig.state.first_cause.fault == injection.fault


def test_ten_thousand_injections_are_made() -> None:
    assert sum(PHASES for item in INJECTIONS.values() if not item.moving) >= 10_000


def test_what_is_refused_changes_nothing_of_the_motion(robots: list[Rig]) -> None:
    for injection in (item for item in INJECTIONS.values() if item.fault is None):
        for robot in robots[:: PHASES // 50]:
            plain, disturbed = robot.fork(), robot.fork()
            plain.step()
            injection.inject(disturbed)
            for _ in range(20):
                assert (plain.state.position_reference == disturbed.state.position_reference).all()
                assert (
                    plain.state.velocity_reference[:ARM_AXES] == disturbed.state.velocity_reference[:ARM_AXES]
                ).all()
                plain.step()
                disturbed.step()

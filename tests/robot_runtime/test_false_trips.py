"""The campaign that looks for stops without a reason: what it counts, and that it sees a stop when there is one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from behaviours.workcell import Workcell
from benchmarks.campaigns.false_trips import Piece, Watch, figures, piece, run_mission, work
from robot_runtime.lockstep import Lockstep, LockstepOptions
from rt_control import _native as rt
from rt_control.description import load_robot
from trees.mission import load_mission


def cycles(watch: Watch, count: int, events: Sequence[rt.Event] = (), **state: object) -> None:
    for _ in range(count):
        watch.see(rt.State(**state), events)  # type: ignore[arg-type]


def stop(fault: rt.Fault) -> rt.Event:
    return rt.Event(kind=rt.EventKind.stop_raised, code=int(fault))


def made(**changes: object) -> Piece:
    nothing: dict[str, object] = {
        "seeds": (0, 1),
        "operated_s": 60.0,
        "moving_s": 45.0,
        "wall_s": 6.0,
        "latched_stops": (),
        "failures": (),
        "stops": {},
        "scaled_cycles": {},
        "refused_commands": {},
        "refused_requests": {},
        "lost": 0,
    }
    return Piece(**(nothing | changes))  # type: ignore[arg-type]


def test_operated_is_a_cycle_in_which_somebody_has_authority_and_the_drives_follow() -> None:
    watch = Watch()
    cycles(watch, 5, authority=rt.Source.policy, drive_status=int(rt.DriveStatus.torque_off))
    cycles(watch, 7, authority=rt.Source.none, drive_status=int(rt.DriveStatus.enabled))
    cycles(watch, 11, authority=rt.Source.policy, drive_status=int(rt.DriveStatus.enabled))
    assert watch.operated_s == pytest.approx(0.011)


def test_a_latched_stop_is_told_once_with_seed_cycle_and_first_cause() -> None:
    watch = Watch()
    watch.begin(seed=4)
    cause = rt.StopCause(fault=rt.Fault.limit_violated, stop=rt.Stop.ss1, axis=2, value=2.1, limit=2.0)
    cycles(watch, 3, [stop(rt.Fault.limit_violated)], latched=1, first_cause=cause, cycle=77)
    assert watch.latched_stops == ["seed 4, cycle 77: ss1 by limit violated of axis 2, 2.1 (limit 2)"]
    assert not watch.stops


def test_a_stop_that_is_latched_again_after_a_reset_or_in_the_next_mission_counts_again() -> None:
    watch = Watch()
    cycles(watch, 2, latched=1)
    cycles(watch, 1, latched=0)
    cycles(watch, 2, latched=1)
    watch.begin(seed=1)
    cycles(watch, 2, latched=1)
    assert len(watch.latched_stops) == 3


def test_what_is_milder_is_counted_by_its_kind() -> None:
    watch = Watch()
    cycles(watch, 2, [stop(rt.Fault.command_ended)])
    cycles(watch, 1, [stop(rt.Fault.separation)])
    cycles(watch, 1, [rt.Event(kind=rt.EventKind.request_refused, code=int(rt.RequestKind.reset))])
    held = rt.Intervention(constraint=rt.Constraint.velocity)
    cycles(watch, 4, interventions=3, intervention=held, refused=2, refusal=rt.Refusal.too_old)
    watch.begin(seed=1)
    cycles(watch, 1, interventions=1, intervention=held, refused=1, refusal=rt.Refusal.crc, events_lost=2)
    assert watch.stops == {"command ended": 2, "separation": 1}
    assert watch.refused_requests == {"reset": 1}
    assert watch.scaled_cycles == {"velocity": 4}
    assert watch.refused_commands == {"too old": 2, "crc": 1}
    assert watch.lost == 2


def test_the_figures_sum_up_the_pieces_and_hold_without_stop_and_failure() -> None:
    found = figures([made(stops={"command ended": 1}), made(stops={"command ended": 2, "separation": 1})])
    by_name = {item.name: item.value for item in found}
    assert by_name["robot operated, simulated"] == pytest.approx(120.0 / 3600.0)
    assert by_name["missions"] == 4
    assert by_name["stop not latched: command ended"] == 3
    assert by_name["stop not latched: separation"] == 1
    assert by_name["commands refused"] == 0
    assert all(item.holds is not False for item in found)


@pytest.mark.parametrize(
    ("changes", "name", "note"),
    [
        ({"latched_stops": ("seed 4: a", "seed 5: b")}, "latched stops (false trips)", "seed 4: a; seed 5: b"),
        ({"failures": ("seed 5: c",)}, "missions that did not succeed", "seed 5: c"),
        ({"lost": 1}, "events or requests lost", ""),
    ],
)
def test_a_stop_a_failure_or_a_lost_event_is_named_and_does_not_hold(
    changes: dict[str, object], name: str, note: str
) -> None:
    (missed,) = (item for item in figures([made(), made(**changes)]) if item.holds is False)
    assert (missed.name, missed.note) == (name, note)


def test_two_pieces_have_no_seed_in_common(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Sequence[int]] = []

    def note(seeds: Sequence[int], operated_s: float) -> Piece:
        asked.append(seeds)
        return made()

    monkeypatch.setattr("benchmarks.campaigns.false_trips.work", note)
    piece(0)
    piece(1)
    assert not set(asked[0]) & set(asked[1])


@pytest.mark.sim
def test_a_mission_without_faults_is_operated_to_its_end_without_a_latched_stop() -> None:
    done = work([7, 8], operated_s=10.0)
    assert done.seeds == (7,), "a mission lasts longer than that, and is not cut off"
    assert done.operated_s > done.moving_s > 10.0
    assert (done.latched_stops, done.failures, done.lost) == ((), (), 0)


@pytest.mark.sim
def test_a_stop_in_a_mission_is_found_with_its_cause() -> None:
    description = load_robot("arm7")
    mission = load_mission("sort_table", Workcell.of(description).known_names)
    lockstep = Lockstep(description, mission, LockstepOptions(seed=3, oracle=True))
    while lockstep.time_s < 6.0:
        lockstep.step()
    lockstep.operator_requests.append((0, rt.Request(kind=rt.RequestKind.stop, origin=rt.Source.operator_)))
    watch = Watch()
    failure = run_mission(lockstep, watch)
    assert len(watch.latched_stops) == 1
    assert watch.latched_stops[0].startswith("seed 3, cycle 60")
    assert "ss1 by operator stop" in watch.latched_stops[0]
    assert failure.startswith("seed 3: stopped_by_safety")

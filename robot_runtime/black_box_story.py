"""What a black box tells, in words: how the robot came to its last stop, and what the loop was worth until then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robot_runtime.report import Figure
from robot_runtime.tier1_words import flags, named, stage
from rt_control import _native as native
from rt_control.black_box import BlackBox

Records = npt.NDArray[np.void]

UNKNOWN_NS = 0  # the box keeps which stage was late, not by how much


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that changed from one cycle to the next.

    Attributes:
        ago_s: before the newest record.
        cycle: in which it shows.
        what: in words.
    """

    ago_s: float
    cycle: int
    what: str


def summary(box: BlackBox) -> tuple[Figure, ...]:
    """What the box covers, the last stop, and the times of the loop."""
    records = box.records
    if not len(records):
        return (Figure(name="records", value=0, note="rt_control has not completed a cycle"),)
    newest = records[-1]
    span_s = float(newest["due_ns"] - records[0]["due_ns"]) * 1e-9
    figures = [
        Figure(name="records", value=len(records), note=f"{span_s:.2f} s, to cycle {newest['cycle']}"),
        Figure(
            name="torn records", value=box.torn, note="left half written by one that was killed" if box.torn else ""
        ),
        Figure(name="starts of rt_control", value=len(np.unique(records["generation"]))),
        Figure(name="last stop", value=last_stop(records)),
        Figure(name="at its end", value=_posture(newest)),
        Figure(name="drives", value=flags(int(newest["drive_status"]), native.DriveStatus)),
        Figure(name="real time", value=flags(int(newest["realtime"]), native.RealtimeStatus)),
    ]
    for name in ("wake_up", "read", "decide", "write_drives", "write_state"):
        p50, p99, most = np.percentile(records[f"{name}_ns"] / 1e3, (50, 99, 100))
        note = f"p99 {p99:.1f}, longest {most:.1f}"
        figures.append(Figure(name=f"{name.replace('_', ' ')}, p50", value=float(p50), unit="us", note=note))
    return tuple(figures)


def last_stop(records: Records) -> str:
    """The last stop of any kind, in one sentence."""
    newest = records[-1]
    latched = bool(newest["latched"])
    prefix = "first_cause" if latched else "last_cause"
    fault = int(newest[f"{prefix}_fault"])
    if fault == native.Fault.none:
        return "none"
    cycle = int(newest[f"{prefix}_cycle"])
    text = _texts().get(fault, "")
    axis, value, limit = (newest[f"{prefix}_{name}"] for name in ("axis", "value", "limit"))
    where = f" on axis {axis + 1}" if axis >= 0 else ""
    seen = f"; seen {value:.4g}, limit {limit:.4g}" if limit else ""
    kept = ", latched" if latched else ""
    kind = named(native.Stop, int(newest[f"{prefix}_stop"])).upper()
    sentence = f"{kind}{kept}: {named(native.Fault, fault)}{where} in cycle {cycle} ({text}{seen})"
    return sentence + _detail(records, native.Fault(fault), cycle)


def turns(box: BlackBox) -> tuple[Turn, ...]:
    """What changed, oldest first, a line for each change."""
    records = box.records
    found = list(_changes(records)) if len(records) > 1 else []
    newest_ns = int(records[-1]["due_ns"]) if len(records) else 0
    return tuple(
        Turn((newest_ns - int(records[at]["due_ns"])) * 1e-9, int(records[at]["cycle"]), what) for at, what in found
    )


def _changes(records: Records) -> Iterator[tuple[int, str]]:
    before, after = records[:-1], records[1:]
    restarted = before["generation"] != after["generation"]
    skipped = (before["skipped_cycles"] != after["skipped_cycles"]) & ~restarted
    changed = restarted | skipped | (after["forbidden_call"] >= 0)
    for name in ("execution", "stop", "first_cause_fault", "authority", "refused", "drive_status"):
        changed |= before[name] != after[name]
    for index in np.flatnonzero(changed):
        what = list(_change(before[index], after[index], bool(skipped[index])))
        if what:
            yield int(index) + 1, "; ".join(what)


def _change(before: np.void, after: np.void, skipped: bool) -> Iterator[str]:
    if before["generation"] != after["generation"]:
        yield "rt_control began anew"
        return
    if skipped:
        count = int(after["skipped_cycles"]) - int(before["skipped_cycles"])
        name = native.Stage(int(after["late_stage"])).name if after["late_stage"] <= native.Stage.write_state else ""
        yield f"{count} cycles skipped, {stage(name, UNKNOWN_NS)}"
    if after["forbidden_call"] >= 0:
        yield f"system call {after['forbidden_call']} refused"
    if before["first_cause_fault"] != after["first_cause_fault"]:
        fault = int(after["first_cause_fault"])
        yield f"latched: {named(native.Fault, fault)}" if fault else "the latched stop was reset"
    if before["execution"] != after["execution"]:
        yield f"{named(native.ExecutionState, int(before['execution']))} -> " + named(
            native.ExecutionState, int(after["execution"])
        )
    if before["authority"] != after["authority"]:
        yield f"authority: {named(native.Source, int(after['authority']))}"
    if before["refused"] != after["refused"]:
        source = named(native.Source, int(after["refused_source"]))
        yield f"command of {source} refused: {named(native.Refusal, int(after['refusal']))}"
    if before["drive_status"] != after["drive_status"]:
        yield f"drives: {flags(int(after['drive_status']), native.DriveStatus)}"


def _detail(records: Records, fault: native.Fault, cycle: int) -> str:
    found = records[records["cycle"] == cycle]
    if not len(found):
        return "; the cycle itself is no longer in the box"
    record = found[-1]
    if fault == native.Fault.lateness:
        name = native.Stage(int(record["late_stage"])).name if record["late_stage"] <= native.Stage.write_state else ""
        return f"; {stage(name, UNKNOWN_NS)}"
    if fault == native.Fault.forbidden_call:
        return f"; system call {record['forbidden_call']}"
    if fault == native.Fault.separation:
        return f"; person at {record['person_distance_m']:.3g} m"
    return ""


def _posture(record: np.void) -> str:
    axes = int(record["axes"])
    speed = float(np.abs(record["velocity"][:axes]).max()) if axes else 0.0
    torque = "torque on" if record["drive_enable"] else "torque off"
    return f"{named(native.ExecutionState, int(record['execution']))}, {torque}, fastest axis {speed:.3g} rad/s or m/s"


def _texts() -> dict[int, str]:
    return {int(rule.fault): rule.text for rule in native.fault_table()}

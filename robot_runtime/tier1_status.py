"""What `rt_control` says of itself, as figures that people and programs read."""

from __future__ import annotations

from enum import IntFlag

from robot_runtime.report import Figure
from rt_control import _native as native

NO_PERSON_DISTANCE_M = 1.0e3


def figures(state: native.State, now_ns: int) -> tuple[Figure, ...]:
    """The state in words and numbers, without the axes.

    Args:
        state: as read from shared memory.
        now_ns: on the clock that stamped it.
    """
    cause = state.first_cause if state.latched else state.last_cause
    rows = [
        Figure(name="execution", value=_word(state.execution)),
        Figure(name="stop in force", value=_word(state.stop)),
        Figure(name="latched", value="yes: waits for `dynamical rt reset`" if state.latched else "no"),
        Figure(name="cause of the last stop", value=_cause(cause)),
        Figure(name="authority", value=_word(state.authority)),
        Figure(name="epoch", value=state.epoch),
        Figure(name="skill", value=state.skill),
        Figure(name="real time", value=_flags(state.realtime, native.RealtimeStatus)),
        Figure(name="drives", value=_flags(state.drive_status, native.DriveStatus)),
        Figure(name="cycle", value=state.cycle),
        Figure(name="age of this state", value=round((now_ns - state.stamp_ns) / 1e6, 3), unit="ms"),
        Figure(name="deadline misses", value=state.deadline_misses),
        Figure(name="skipped cycles", value=state.skipped_cycles),
        Figure(name="wake-up latency", value=state.wake_latency_ns / 1e3, unit="us"),
        Figure(name="compute time", value=state.compute_ns / 1e3, unit="us"),
        Figure(name="age of the agent", value=state.agent_age_s, unit="s"),
        _person(state.person_distance_m),
        Figure(name="speed scale", value=state.speed_scale),
        Figure(name="margin scale", value=state.margin_scale),
        Figure(name="speed of the tool", value=state.tcp_speed_mps, unit="m/s"),
        Figure(name="interventions", value=state.interventions, unit="cycles"),
        Figure(name="refused commands", value=state.refused, note=_refusal(state)),
        Figure(name="lost requests", value=state.requests_lost, note="corrupt, or the queue was full"),
        Figure(name="lost events", value=state.events_lost, note="more in one cycle than it can tell of"),
        Figure(name="battery", value=round(100.0 * state.battery, 1), unit="%"),
    ]
    return tuple(rows)


def axis_figures(state: native.State) -> tuple[Figure, ...]:
    """Position, velocity and reference of each axis; rad and rad/s, or m and m/s where it is prismatic."""
    rows = []
    for index in range(state.axes):
        for name, values in (
            ("position", state.position),
            ("velocity", state.velocity),
            ("reference", state.position_reference),
        ):
            rows.append(Figure(name=f"axis {index + 1} {name}", value=float(values[index])))
    return tuple(rows)


def _flags(value: int, kind: type[IntFlag]) -> str:
    return ", ".join(_word(flag) for flag in kind if flag & value) or "none"


def _word(value: object) -> str:
    return str(getattr(value, "name", value)).rstrip("_").replace("_", " ")


def _person(distance_m: float) -> Figure:
    if distance_m >= NO_PERSON_DISTANCE_M:
        return Figure(name="nearest person", value="nobody")
    return Figure(name="nearest person", value=distance_m, unit="m")


def _cause(cause: native.StopCause) -> str:
    if _word(cause.fault) == "none":
        return "none"
    if cause.fault.name == "authority_revoked":
        return "none (the last skill ended)"
    where = f" on axis {cause.axis + 1}" if cause.axis >= 0 else ""
    seen = f" (seen {cause.value:.4g}, limit {cause.limit:.4g})" if cause.limit else ""
    return f"{_word(cause.fault)}{where}, {_word(cause.stop)}, in cycle {cause.cycle}{seen}"


def _refusal(state: native.State) -> str:
    if not state.refused:
        return ""
    return f"the last from {_word(state.refused_source)}: {_word(state.refusal)}"

"""What `rt_control` says of itself, as figures that people and programs read."""

from __future__ import annotations

from robot_runtime.report import Figure
from robot_runtime.tier1_words import flags, stage, word
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
        Figure(name="execution", value=word(state.execution)),
        Figure(name="stop in force", value=word(state.stop)),
        Figure(name="latched", value="yes: waits for `dynamical rt reset`" if state.latched else "no"),
        Figure(name="cause of the last stop", value=_cause(cause, state)),
        Figure(name="authority", value=word(state.authority)),
        Figure(name="epoch", value=state.epoch),
        Figure(name="skill", value=state.skill),
        Figure(name="real time", value=flags(state.realtime, native.RealtimeStatus)),
        Figure(name="drives", value=flags(state.drive_status, native.DriveStatus)),
        Figure(name="cycle", value=state.cycle),
        Figure(name="age of this state", value=round((now_ns - state.stamp_ns) / 1e6, 3), unit="ms"),
        Figure(name="deadline misses", value=state.deadline_misses),
        Figure(name="skipped cycles", value=state.skipped_cycles),
        Figure(name="wake-up latency", value=state.wake_latency_ns / 1e3, unit="us"),
        Figure(name="compute time", value=state.compute_ns / 1e3, unit="us"),
        Figure(name="stages of a cycle", value=_stages(state.stages), unit="us"),
        _lateness(state.lateness),
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


def _person(distance_m: float) -> Figure:
    if distance_m >= NO_PERSON_DISTANCE_M:
        return Figure(name="nearest person", value="nobody")
    return Figure(name="nearest person", value=distance_m, unit="m")


def _lateness(lateness: native.Lateness) -> Figure:
    if lateness.cycle == 0:
        return Figure(name="last lateness", value="none")
    told = f"in cycle {lateness.cycle}, by {stage(lateness.stage.name, lateness.skipped_ns)}"
    return Figure(name="last lateness", value=told)


def _cause(cause: native.StopCause, state: native.State) -> str:
    if word(cause.fault) == "none":
        return "none"
    if cause.fault.name == "authority_revoked":
        return "none (the last skill ended)"
    where = f" on axis {cause.axis + 1}" if cause.axis >= 0 else ""
    seen = f" (seen {cause.value:.4g}, limit {cause.limit:.4g})" if cause.limit else ""
    why = ""
    if cause.fault.name == "lateness":
        why = f"; late by {stage(state.lateness.stage.name, state.lateness.skipped_ns)}"
    return f"{word(cause.fault)}{where}, {word(cause.stop)}, in cycle {cause.cycle}{seen}{why}"


def _stages(times: native.StageTimes) -> str:
    parts = (
        ("wake-up", times.wake_up_ns),
        ("read", times.read_ns),
        ("decide", times.decide_ns),
        ("write drives", times.write_drives_ns),
        ("write state", times.write_state_ns),
    )
    return ", ".join(f"{name} {duration_ns / 1e3:.1f}" for name, duration_ns in parts)


def _refusal(state: native.State) -> str:
    if not state.refused:
        return ""
    return f"the last from {word(state.refused_source)}: {word(state.refusal)}"

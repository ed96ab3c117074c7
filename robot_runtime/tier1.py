"""Between tier 1's shared-memory messages and the agent's plain ones; the only place that knows both."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import IntEnum

from behaviours.robot import RobotState, StopCause
from robot_runtime.agent_ports import AgentConstraints, Beat, Tier1Event, Tier1Request
from rt_control import _native as native


def robot_state(state: native.State) -> RobotState:
    """Tier 1's state as leaves see it."""
    x, y, z = state.tcp_position_base.tolist()
    status = native.RealtimeStatus
    fifo = state.realtime & (status.fifo | status.degraded) == status.fifo
    return RobotState(
        cycle=state.cycle,
        stamp_ns=state.stamp_ns,
        generation=state.generation,
        execution=state.execution.name,
        stop=state.stop.name,
        latched=bool(state.latched),
        first_cause=_cause(state.first_cause),
        last_cause=_cause(state.last_cause),
        authority=_source(state.authority),
        skill=state.skill,
        epoch=state.epoch,
        epoch_highest=state.epoch_highest,
        position=tuple(state.position[: state.axes].tolist()),
        position_reference=tuple(state.position_reference[: state.axes].tolist()),
        tcp_position_base=(x, y, z),
        tcp_speed_mps=state.tcp_speed_mps,
        speed_scale=state.speed_scale,
        margin_scale=state.margin_scale,
        person_distance_m=state.person_distance_m,
        battery=state.battery,
        interventions=state.interventions,
        refused=state.refused,
        refusal=state.refusal.name,
        deadline_misses=state.deadline_misses,
        realtime="fifo" if fifo else "degraded",
    )


def event(message: native.Event) -> Tier1Event:
    """One event, its code spelled out."""
    return Tier1Event(
        kind=message.kind.name,
        code=_code(message),
        source=_source(message.source),
        axis=message.axis,
        cycle=message.cycle,
        stamp_ns=message.stamp_ns,
        requested=message.requested,
        admitted=message.admitted,
        limit=message.limit,
    )


def beat(message: native.Heartbeat) -> Beat:
    """One heartbeat that was read."""
    return Beat(
        source=_source(message.source),
        state=message.state.name,
        pid=message.pid,
        stamp_ns=message.stamp_ns,
        count=message.count,
        rate_hz=message.rate_hz,
        busy_ratio=message.busy_ratio,
        missed=message.missed,
    )


def heartbeat(message: Beat) -> native.Heartbeat:
    """One heartbeat to be written."""
    return native.Heartbeat(
        source=native.Source[message.source],
        state=native.ProcessState[message.state],
        pid=message.pid,
        stamp_ns=message.stamp_ns,
        count=message.count,
        rate_hz=message.rate_hz,
        busy_ratio=message.busy_ratio,
        missed=message.missed,
    )


def constraints(message: AgentConstraints) -> native.Constraints:
    """The agent's constraints; it measures no distance to persons, and says so with NaN."""
    return native.Constraints(
        source=native.Source.agent,
        stamp_ns=message.stamp_ns,
        speed_scale=message.speed_scale,
        margin_scale=message.margin_scale,
        person_distance_m=math.nan,
    )


def request(message: Tier1Request) -> native.Request:
    """One request of the agent."""
    return native.Request(
        kind=native.RequestKind[message.kind],
        origin=native.Source.agent,
        source=native.Source[message.source],
        skill=message.skill,
        epoch=message.epoch,
        stamp_ns=message.stamp_ns,
    )


def _cause(cause: native.StopCause) -> StopCause:
    if cause.fault == native.Fault.none:
        return _NO_CAUSE
    return StopCause(
        fault=cause.fault.name,
        stop=cause.stop.name,
        axis=cause.axis,
        source=_source(cause.source),
        cycle=cause.cycle,
        value=cause.value,
        limit=cause.limit,
    )


def _source(source: native.Source) -> str:
    return source.name.rstrip("_")  # `operator` is a module of Python, so the binding has `operator_`


def _code(message: native.Event) -> str:
    if message.kind == native.EventKind.execution_changed:
        before, after = message.code >> 8, message.code & 0xFF
        return f"{_named(native.ExecutionState, before)}>{_named(native.ExecutionState, after)}"
    names = _CODES.get(message.kind)
    return str(message.code) if names is None else _named(names, message.code)


def _named(names: Callable[[int], IntEnum], code: int) -> str:
    try:
        return names(code).name.rstrip("_")
    except ValueError:
        return str(code)


_NO_CAUSE = StopCause()
_CODES: dict[native.EventKind, Callable[[int], IntEnum]] = {
    native.EventKind.stop_raised: native.Fault,
    native.EventKind.stop_reset: native.Fault,
    native.EventKind.command_refused: native.Refusal,
    native.EventKind.intervention: native.Constraint,
    native.EventKind.authority_changed: native.Source,
    native.EventKind.request_refused: native.RequestKind,
}

# Made by rt_control/bindings/make_stub.py from the built module.
# ruff: noqa
# fmt: off
"""Messages, channels, kinematics and the controller of rt_control."""

from collections.abc import Sequence
import enum
import os
from typing import Annotated, Final

import numpy
import numpy.typing
from numpy.typing import NDArray


class Source(enum.IntEnum):
    """Who writes; also the index of the writer's rings."""

    none = 0

    agent = 1

    policy = 2

    fallback = 3

    jog = 4

    ros = 5

    perception = 6

    safety_model = 7

    cameras = 8

    plant = 9

    supervisor = 10

    operator_ = 11

class CommandKind(enum.IntEnum):
    none = 0

    chunk = 1

    stream = 2

class ProcessState(enum.IntEnum):
    starting = 0

    healthy = 1

    degraded = 2

    stopping = 3

class RequestKind(enum.IntEnum):
    none = 0

    grant_authority = 1

    revoke_authority = 2

    hold = 3

    stop = 4

    safe_torque_off = 5

    reset = 6

    begin_skill = 7

    end_skill = 8

class ExecutionState(enum.IntEnum):
    idle = 0

    active = 1

    holding = 2

    stopping = 3

    stopped = 4

    fault = 5

class Stop(enum.IntEnum):
    """Ordered: the worst wins."""

    none = 0

    ss2 = 1

    ss1 = 2

    sto = 3

class Fault(enum.IntEnum):
    none = 0

    command_ended = 1

    authority_revoked = 2

    hold_requested = 3

    separation = 4

    operator_stop = 5

    agent_lost = 6

    lateness = 7

    clock_broken = 8

    channel_broken = 9

    drive_fault = 10

    drive_lost = 11

    ramp_not_followed = 12

    limit_violated = 13

    safe_torque_off_requested = 14

    restarted = 15

    forbidden_call = 16

    contact = 17

class Stage(enum.IntEnum):
    """Where the time of a cycle goes."""

    none = 0

    wake_up = 1

    read = 2

    decide = 3

    write_drives = 4

    write_state = 5

class Refusal(enum.IntEnum):
    """Why a command was not taken."""

    none = 0

    wrong_authority = 1

    wrong_epoch = 2

    too_old = 3

    not_finite = 4

    out_of_range = 5

    malformed = 6

    crc = 7

    latched = 8

    not_ready = 9

    held = 10

class Constraint(enum.IntEnum):
    """What scaled or overrode a motion."""

    none = 0

    position = 1

    velocity = 2

    acceleration = 3

    speed_scale = 4

    tcp_speed = 5

    separation = 6

    jerk = 7

    torque = 8

    workspace = 9

    self_collision = 10

class EventKind(enum.IntEnum):
    none = 0

    execution_changed = 1

    stop_raised = 2

    stop_reset = 3

    command_refused = 4

    intervention = 5

    authority_changed = 6

    request_refused = 7

    deadline_missed = 8

    started = 9

    requests_lost = 10

class RealtimeStatus(enum.IntFlag):
    """Bits of State.realtime."""

    fifo = 1

    memory_locked = 2

    affinity = 4

    degraded = 8

    filtered = 16

class DriveStatus(enum.IntFlag):
    """Bits of DriveState.status."""

    enabled = 1

    torque_off = 2

    watchdog_tripped = 4

    fault = 8

    emergency_stop = 16

class AxisKind(enum.IntEnum):
    revolute = 0

    prismatic = 1

class ZoneKind(enum.IntEnum):
    keep_out = 0

    keep_in = 1

class ReadResult(enum.IntEnum):
    """How the last read of a channel went."""

    ok = 0

    empty = 1

    torn = 2

    crc = 3

    malformed = 4

LAYOUT_VERSION: int = ...

LAYOUT_HASH: int = ...

MAX_AXES: int = ...

MAX_SETPOINTS: int = ...

NO_PERSON_DISTANCE: float = ...

class Command:
    """Motion that one source asks for."""

    def __init__(self, *, epoch: int = ..., command_id: int = ..., source: Source = ..., kind: CommandKind = ..., skill: int = ..., axes: int = ..., observation_ns: int = ..., start_ns: int = ..., spacing_ns: int = ..., end_ns: int = ..., count: int = ..., reserved: int = ..., position: numpy.typing.ArrayLike = ...) -> None: ...

    @property
    def epoch(self) -> int: ...

    @epoch.setter
    def epoch(self, value: int, /) -> None: ...

    @property
    def command_id(self) -> int: ...

    @command_id.setter
    def command_id(self, value: int, /) -> None: ...

    @property
    def source(self) -> Source: ...

    @source.setter
    def source(self, value: Source, /) -> None: ...

    @property
    def kind(self) -> CommandKind: ...

    @kind.setter
    def kind(self, value: CommandKind, /) -> None: ...

    @property
    def skill(self) -> int: ...

    @skill.setter
    def skill(self, value: int, /) -> None: ...

    @property
    def axes(self) -> int: ...

    @axes.setter
    def axes(self, value: int, /) -> None: ...

    @property
    def observation_ns(self) -> int: ...

    @observation_ns.setter
    def observation_ns(self, value: int, /) -> None: ...

    @property
    def start_ns(self) -> int: ...

    @start_ns.setter
    def start_ns(self, value: int, /) -> None: ...

    @property
    def spacing_ns(self) -> int: ...

    @spacing_ns.setter
    def spacing_ns(self, value: int, /) -> None: ...

    @property
    def end_ns(self) -> int: ...

    @end_ns.setter
    def end_ns(self, value: int, /) -> None: ...

    @property
    def count(self) -> int: ...

    @count.setter
    def count(self, value: int, /) -> None: ...

    @property
    def reserved(self) -> int: ...

    @reserved.setter
    def reserved(self, value: int, /) -> None: ...

    @property
    def position(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @position.setter
    def position(self, value: numpy.typing.ArrayLike, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> Command:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class Constraints:
    """What one source knows that asks for more care."""

    def __init__(self, *, source: Source = ..., reserved: int = ..., stamp_ns: int = ..., speed_scale: float = ..., margin_scale: float = ..., person_distance_m: float = ...) -> None: ...

    @property
    def source(self) -> Source: ...

    @source.setter
    def source(self, value: Source, /) -> None: ...

    @property
    def reserved(self) -> int: ...

    @reserved.setter
    def reserved(self, value: int, /) -> None: ...

    @property
    def stamp_ns(self) -> int: ...

    @stamp_ns.setter
    def stamp_ns(self, value: int, /) -> None: ...

    @property
    def speed_scale(self) -> float: ...

    @speed_scale.setter
    def speed_scale(self, value: float, /) -> None: ...

    @property
    def margin_scale(self) -> float: ...

    @margin_scale.setter
    def margin_scale(self, value: float, /) -> None: ...

    @property
    def person_distance_m(self) -> float: ...

    @person_distance_m.setter
    def person_distance_m(self, value: float, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> Constraints:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class Heartbeat:
    """A process is alive, and how it fares."""

    def __init__(self, *, source: Source = ..., state: ProcessState = ..., pid: int = ..., stamp_ns: int = ..., count: int = ..., rate_hz: float = ..., busy_ratio: float = ..., missed: int = ...) -> None: ...

    @property
    def source(self) -> Source: ...

    @source.setter
    def source(self, value: Source, /) -> None: ...

    @property
    def state(self) -> ProcessState: ...

    @state.setter
    def state(self, value: ProcessState, /) -> None: ...

    @property
    def pid(self) -> int: ...

    @pid.setter
    def pid(self, value: int, /) -> None: ...

    @property
    def stamp_ns(self) -> int: ...

    @stamp_ns.setter
    def stamp_ns(self, value: int, /) -> None: ...

    @property
    def count(self) -> int: ...

    @count.setter
    def count(self, value: int, /) -> None: ...

    @property
    def rate_hz(self) -> float: ...

    @rate_hz.setter
    def rate_hz(self, value: float, /) -> None: ...

    @property
    def busy_ratio(self) -> float: ...

    @busy_ratio.setter
    def busy_ratio(self, value: float, /) -> None: ...

    @property
    def missed(self) -> int: ...

    @missed.setter
    def missed(self, value: int, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> Heartbeat:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class Request:
    """An edge from agent or operator to rt_control."""

    def __init__(self, *, kind: RequestKind = ..., origin: Source = ..., source: Source = ..., skill: int = ..., epoch: int = ..., stamp_ns: int = ...) -> None: ...

    @property
    def kind(self) -> RequestKind: ...

    @kind.setter
    def kind(self, value: RequestKind, /) -> None: ...

    @property
    def origin(self) -> Source: ...

    @origin.setter
    def origin(self, value: Source, /) -> None: ...

    @property
    def source(self) -> Source: ...

    @source.setter
    def source(self, value: Source, /) -> None: ...

    @property
    def skill(self) -> int: ...

    @skill.setter
    def skill(self, value: int, /) -> None: ...

    @property
    def epoch(self) -> int: ...

    @epoch.setter
    def epoch(self, value: int, /) -> None: ...

    @property
    def stamp_ns(self) -> int: ...

    @stamp_ns.setter
    def stamp_ns(self, value: int, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> Request:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class Intervention:
    """How a motion was scaled or overridden."""

    def __init__(self, *, constraint: Constraint = ..., axis: int = ..., margin: float = ..., requested: float = ..., admitted: float = ..., cycle: int = ...) -> None: ...

    @property
    def constraint(self) -> Constraint: ...

    @constraint.setter
    def constraint(self, value: Constraint, /) -> None: ...

    @property
    def axis(self) -> int: ...

    @axis.setter
    def axis(self, value: int, /) -> None: ...

    @property
    def margin(self) -> float: ...

    @margin.setter
    def margin(self, value: float, /) -> None: ...

    @property
    def requested(self) -> float: ...

    @requested.setter
    def requested(self, value: float, /) -> None: ...

    @property
    def admitted(self) -> float: ...

    @admitted.setter
    def admitted(self, value: float, /) -> None: ...

    @property
    def cycle(self) -> int: ...

    @cycle.setter
    def cycle(self, value: int, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> Intervention:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class StopCause:
    """Why a stop was raised."""

    def __init__(self, *, fault: Fault = ..., stop: Stop = ..., axis: int = ..., source: Source = ..., cycle: int = ..., stamp_ns: int = ..., value: float = ..., limit: float = ...) -> None: ...

    @property
    def fault(self) -> Fault: ...

    @fault.setter
    def fault(self, value: Fault, /) -> None: ...

    @property
    def stop(self) -> Stop: ...

    @stop.setter
    def stop(self, value: Stop, /) -> None: ...

    @property
    def axis(self) -> int: ...

    @axis.setter
    def axis(self, value: int, /) -> None: ...

    @property
    def source(self) -> Source: ...

    @source.setter
    def source(self, value: Source, /) -> None: ...

    @property
    def cycle(self) -> int: ...

    @cycle.setter
    def cycle(self, value: int, /) -> None: ...

    @property
    def stamp_ns(self) -> int: ...

    @stamp_ns.setter
    def stamp_ns(self, value: int, /) -> None: ...

    @property
    def value(self) -> float: ...

    @value.setter
    def value(self, value: float, /) -> None: ...

    @property
    def limit(self) -> float: ...

    @limit.setter
    def limit(self, value: float, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> StopCause:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class StageTimes:
    """Where the time of one cycle went."""

    def __init__(self, *, wake_up_ns: int = ..., read_ns: int = ..., decide_ns: int = ..., write_drives_ns: int = ..., write_state_ns: int = ...) -> None: ...

    @property
    def wake_up_ns(self) -> int: ...

    @wake_up_ns.setter
    def wake_up_ns(self, value: int, /) -> None: ...

    @property
    def read_ns(self) -> int: ...

    @read_ns.setter
    def read_ns(self, value: int, /) -> None: ...

    @property
    def decide_ns(self) -> int: ...

    @decide_ns.setter
    def decide_ns(self, value: int, /) -> None: ...

    @property
    def write_drives_ns(self) -> int: ...

    @write_drives_ns.setter
    def write_drives_ns(self, value: int, /) -> None: ...

    @property
    def write_state_ns(self) -> int: ...

    @write_state_ns.setter
    def write_state_ns(self, value: int, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> StageTimes:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class Lateness:
    """When rt_control was late, and what took the time."""

    def __init__(self, *, stage: Stage = ..., reserved: int = ..., cycle: int = ..., skipped_ns: int = ...) -> None: ...

    @property
    def stage(self) -> Stage: ...

    @stage.setter
    def stage(self, value: Stage, /) -> None: ...

    @property
    def reserved(self) -> int: ...

    @reserved.setter
    def reserved(self, value: int, /) -> None: ...

    @property
    def cycle(self) -> int: ...

    @cycle.setter
    def cycle(self, value: int, /) -> None: ...

    @property
    def skipped_ns(self) -> int: ...

    @skipped_ns.setter
    def skipped_ns(self, value: int, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> Lateness:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class State:
    """What rt_control publishes in every cycle."""

    def __init__(self, *, cycle: int = ..., stamp_ns: int = ..., generation: int = ..., axes: int = ..., execution: ExecutionState = ..., stop: Stop = ..., latched: int = ..., first_cause: StopCause = ..., last_cause: StopCause = ..., authority: Source = ..., skill: int = ..., epoch: int = ..., epoch_highest: int = ..., command_id: int = ..., command_end_ns: int = ..., trajectory_ns: int = ..., position: numpy.typing.ArrayLike = ..., velocity: numpy.typing.ArrayLike = ..., torque: numpy.typing.ArrayLike = ..., position_reference: numpy.typing.ArrayLike = ..., velocity_reference: numpy.typing.ArrayLike = ..., acceleration_reference: numpy.typing.ArrayLike = ..., tcp_position_base: numpy.typing.ArrayLike = ..., tcp_quaternion_base: numpy.typing.ArrayLike = ..., tcp_speed_mps: float = ..., speed_scale: float = ..., margin_scale: float = ..., person_distance_m: float = ..., battery: float = ..., stale_constraints: int = ..., drive_status: int = ..., intervention: Intervention = ..., interventions: int = ..., refusal: Refusal = ..., refused_source: Source = ..., refused_id: int = ..., refused: int = ..., events: int = ..., events_lost: int = ..., requests_lost: int = ..., deadline_misses: int = ..., skipped_cycles: int = ..., wake_latency_ns: int = ..., compute_ns: int = ..., stages: StageTimes = ..., lateness: Lateness = ..., agent_age_s: float = ..., realtime: int = ..., ended: int = ...) -> None: ...

    @property
    def cycle(self) -> int: ...

    @cycle.setter
    def cycle(self, value: int, /) -> None: ...

    @property
    def stamp_ns(self) -> int: ...

    @stamp_ns.setter
    def stamp_ns(self, value: int, /) -> None: ...

    @property
    def generation(self) -> int: ...

    @generation.setter
    def generation(self, value: int, /) -> None: ...

    @property
    def axes(self) -> int: ...

    @axes.setter
    def axes(self, value: int, /) -> None: ...

    @property
    def execution(self) -> ExecutionState: ...

    @execution.setter
    def execution(self, value: ExecutionState, /) -> None: ...

    @property
    def stop(self) -> Stop: ...

    @stop.setter
    def stop(self, value: Stop, /) -> None: ...

    @property
    def latched(self) -> int: ...

    @latched.setter
    def latched(self, value: int, /) -> None: ...

    @property
    def first_cause(self) -> StopCause: ...

    @first_cause.setter
    def first_cause(self, value: StopCause, /) -> None: ...

    @property
    def last_cause(self) -> StopCause: ...

    @last_cause.setter
    def last_cause(self, value: StopCause, /) -> None: ...

    @property
    def authority(self) -> Source: ...

    @authority.setter
    def authority(self, value: Source, /) -> None: ...

    @property
    def skill(self) -> int: ...

    @skill.setter
    def skill(self, value: int, /) -> None: ...

    @property
    def epoch(self) -> int: ...

    @epoch.setter
    def epoch(self, value: int, /) -> None: ...

    @property
    def epoch_highest(self) -> int: ...

    @epoch_highest.setter
    def epoch_highest(self, value: int, /) -> None: ...

    @property
    def command_id(self) -> int: ...

    @command_id.setter
    def command_id(self, value: int, /) -> None: ...

    @property
    def command_end_ns(self) -> int: ...

    @command_end_ns.setter
    def command_end_ns(self, value: int, /) -> None: ...

    @property
    def trajectory_ns(self) -> int: ...

    @trajectory_ns.setter
    def trajectory_ns(self, value: int, /) -> None: ...

    @property
    def position(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @position.setter
    def position(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def velocity(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @velocity.setter
    def velocity(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def torque(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @torque.setter
    def torque(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def position_reference(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @position_reference.setter
    def position_reference(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def velocity_reference(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @velocity_reference.setter
    def velocity_reference(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def acceleration_reference(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @acceleration_reference.setter
    def acceleration_reference(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def tcp_position_base(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @tcp_position_base.setter
    def tcp_position_base(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def tcp_quaternion_base(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @tcp_quaternion_base.setter
    def tcp_quaternion_base(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def tcp_speed_mps(self) -> float: ...

    @tcp_speed_mps.setter
    def tcp_speed_mps(self, value: float, /) -> None: ...

    @property
    def speed_scale(self) -> float: ...

    @speed_scale.setter
    def speed_scale(self, value: float, /) -> None: ...

    @property
    def margin_scale(self) -> float: ...

    @margin_scale.setter
    def margin_scale(self, value: float, /) -> None: ...

    @property
    def person_distance_m(self) -> float: ...

    @person_distance_m.setter
    def person_distance_m(self, value: float, /) -> None: ...

    @property
    def battery(self) -> float: ...

    @battery.setter
    def battery(self, value: float, /) -> None: ...

    @property
    def stale_constraints(self) -> int: ...

    @stale_constraints.setter
    def stale_constraints(self, value: int, /) -> None: ...

    @property
    def drive_status(self) -> int: ...

    @drive_status.setter
    def drive_status(self, value: int, /) -> None: ...

    @property
    def intervention(self) -> Intervention: ...

    @intervention.setter
    def intervention(self, value: Intervention, /) -> None: ...

    @property
    def interventions(self) -> int: ...

    @interventions.setter
    def interventions(self, value: int, /) -> None: ...

    @property
    def refusal(self) -> Refusal: ...

    @refusal.setter
    def refusal(self, value: Refusal, /) -> None: ...

    @property
    def refused_source(self) -> Source: ...

    @refused_source.setter
    def refused_source(self, value: Source, /) -> None: ...

    @property
    def refused_id(self) -> int: ...

    @refused_id.setter
    def refused_id(self, value: int, /) -> None: ...

    @property
    def refused(self) -> int: ...

    @refused.setter
    def refused(self, value: int, /) -> None: ...

    @property
    def events(self) -> int: ...

    @events.setter
    def events(self, value: int, /) -> None: ...

    @property
    def events_lost(self) -> int: ...

    @events_lost.setter
    def events_lost(self, value: int, /) -> None: ...

    @property
    def requests_lost(self) -> int: ...

    @requests_lost.setter
    def requests_lost(self, value: int, /) -> None: ...

    @property
    def deadline_misses(self) -> int: ...

    @deadline_misses.setter
    def deadline_misses(self, value: int, /) -> None: ...

    @property
    def skipped_cycles(self) -> int: ...

    @skipped_cycles.setter
    def skipped_cycles(self, value: int, /) -> None: ...

    @property
    def wake_latency_ns(self) -> int: ...

    @wake_latency_ns.setter
    def wake_latency_ns(self, value: int, /) -> None: ...

    @property
    def compute_ns(self) -> int: ...

    @compute_ns.setter
    def compute_ns(self, value: int, /) -> None: ...

    @property
    def stages(self) -> StageTimes: ...

    @stages.setter
    def stages(self, value: StageTimes, /) -> None: ...

    @property
    def lateness(self) -> Lateness: ...

    @lateness.setter
    def lateness(self, value: Lateness, /) -> None: ...

    @property
    def agent_age_s(self) -> float: ...

    @agent_age_s.setter
    def agent_age_s(self, value: float, /) -> None: ...

    @property
    def realtime(self) -> int: ...

    @realtime.setter
    def realtime(self, value: int, /) -> None: ...

    @property
    def ended(self) -> int: ...

    @ended.setter
    def ended(self, value: int, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> State:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class Event:
    """Something that happened in one cycle."""

    def __init__(self, *, kind: EventKind = ..., code: int = ..., axis: int = ..., source: Source = ..., cycle: int = ..., stamp_ns: int = ..., requested: float = ..., admitted: float = ..., limit: float = ...) -> None: ...

    @property
    def kind(self) -> EventKind: ...

    @kind.setter
    def kind(self, value: EventKind, /) -> None: ...

    @property
    def code(self) -> int: ...

    @code.setter
    def code(self, value: int, /) -> None: ...

    @property
    def axis(self) -> int: ...

    @axis.setter
    def axis(self, value: int, /) -> None: ...

    @property
    def source(self) -> Source: ...

    @source.setter
    def source(self, value: Source, /) -> None: ...

    @property
    def cycle(self) -> int: ...

    @cycle.setter
    def cycle(self, value: int, /) -> None: ...

    @property
    def stamp_ns(self) -> int: ...

    @stamp_ns.setter
    def stamp_ns(self, value: int, /) -> None: ...

    @property
    def requested(self) -> float: ...

    @requested.setter
    def requested(self, value: float, /) -> None: ...

    @property
    def admitted(self) -> float: ...

    @admitted.setter
    def admitted(self, value: float, /) -> None: ...

    @property
    def limit(self) -> float: ...

    @limit.setter
    def limit(self, value: float, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> Event:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class DriveCommand:
    """What the drives are told in every cycle."""

    def __init__(self, *, cycle: int = ..., generation: int = ..., stamp_ns: int = ..., axes: int = ..., enable: int = ..., clear_fault: int = ..., reserved: int = ..., position: numpy.typing.ArrayLike = ..., velocity: numpy.typing.ArrayLike = ...) -> None: ...

    @property
    def cycle(self) -> int: ...

    @cycle.setter
    def cycle(self, value: int, /) -> None: ...

    @property
    def generation(self) -> int: ...

    @generation.setter
    def generation(self, value: int, /) -> None: ...

    @property
    def stamp_ns(self) -> int: ...

    @stamp_ns.setter
    def stamp_ns(self, value: int, /) -> None: ...

    @property
    def axes(self) -> int: ...

    @axes.setter
    def axes(self, value: int, /) -> None: ...

    @property
    def enable(self) -> int: ...

    @enable.setter
    def enable(self, value: int, /) -> None: ...

    @property
    def clear_fault(self) -> int: ...

    @clear_fault.setter
    def clear_fault(self, value: int, /) -> None: ...

    @property
    def reserved(self) -> int: ...

    @reserved.setter
    def reserved(self, value: int, /) -> None: ...

    @property
    def position(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @position.setter
    def position(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def velocity(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @velocity.setter
    def velocity(self, value: numpy.typing.ArrayLike, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> DriveCommand:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class DriveState:
    """What the drives say in every cycle."""

    def __init__(self, *, cycle: int = ..., stamp_ns: int = ..., accepted_generation: int = ..., accepted_cycle: int = ..., axes: int = ..., status: int = ..., watchdog_trips: int = ..., dilation: float = ..., battery: float = ..., position: numpy.typing.ArrayLike = ..., velocity: numpy.typing.ArrayLike = ..., torque: numpy.typing.ArrayLike = ...) -> None: ...

    @property
    def cycle(self) -> int: ...

    @cycle.setter
    def cycle(self, value: int, /) -> None: ...

    @property
    def stamp_ns(self) -> int: ...

    @stamp_ns.setter
    def stamp_ns(self, value: int, /) -> None: ...

    @property
    def accepted_generation(self) -> int: ...

    @accepted_generation.setter
    def accepted_generation(self, value: int, /) -> None: ...

    @property
    def accepted_cycle(self) -> int: ...

    @accepted_cycle.setter
    def accepted_cycle(self, value: int, /) -> None: ...

    @property
    def axes(self) -> int: ...

    @axes.setter
    def axes(self, value: int, /) -> None: ...

    @property
    def status(self) -> int: ...

    @status.setter
    def status(self, value: int, /) -> None: ...

    @property
    def watchdog_trips(self) -> int: ...

    @watchdog_trips.setter
    def watchdog_trips(self, value: int, /) -> None: ...

    @property
    def dilation(self) -> float: ...

    @dilation.setter
    def dilation(self, value: float, /) -> None: ...

    @property
    def battery(self) -> float: ...

    @battery.setter
    def battery(self, value: float, /) -> None: ...

    @property
    def position(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @position.setter
    def position(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def velocity(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @velocity.setter
    def velocity(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def torque(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @torque.setter
    def torque(self, value: numpy.typing.ArrayLike, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> DriveState:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class Statistics:
    """Timing of rt_control since its start."""

    def __init__(self, *, cycles: int = ..., deadline_misses: int = ..., skipped_cycles: int = ..., wake_latency_max_ns: int = ..., compute_max_ns: int = ..., wake_latency: numpy.typing.ArrayLike = ..., compute: numpy.typing.ArrayLike = ..., command_latency: numpy.typing.ArrayLike = ..., stage_max: StageTimes = ..., late_wake_up: int = ..., late_read: int = ..., late_decide: int = ..., late_write_drives: int = ..., late_write_state: int = ..., minor_faults: int = ..., major_faults: int = ..., ended: int = ...) -> None: ...

    @property
    def cycles(self) -> int: ...

    @cycles.setter
    def cycles(self, value: int, /) -> None: ...

    @property
    def deadline_misses(self) -> int: ...

    @deadline_misses.setter
    def deadline_misses(self, value: int, /) -> None: ...

    @property
    def skipped_cycles(self) -> int: ...

    @skipped_cycles.setter
    def skipped_cycles(self, value: int, /) -> None: ...

    @property
    def wake_latency_max_ns(self) -> int: ...

    @wake_latency_max_ns.setter
    def wake_latency_max_ns(self, value: int, /) -> None: ...

    @property
    def compute_max_ns(self) -> int: ...

    @compute_max_ns.setter
    def compute_max_ns(self, value: int, /) -> None: ...

    @property
    def wake_latency(self) -> numpy.typing.NDArray[numpy.uint32]: ...

    @wake_latency.setter
    def wake_latency(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def compute(self) -> numpy.typing.NDArray[numpy.uint32]: ...

    @compute.setter
    def compute(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def command_latency(self) -> numpy.typing.NDArray[numpy.uint32]: ...

    @command_latency.setter
    def command_latency(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def stage_max(self) -> StageTimes: ...

    @stage_max.setter
    def stage_max(self, value: StageTimes, /) -> None: ...

    @property
    def late_wake_up(self) -> int: ...

    @late_wake_up.setter
    def late_wake_up(self, value: int, /) -> None: ...

    @property
    def late_read(self) -> int: ...

    @late_read.setter
    def late_read(self, value: int, /) -> None: ...

    @property
    def late_decide(self) -> int: ...

    @late_decide.setter
    def late_decide(self, value: int, /) -> None: ...

    @property
    def late_write_drives(self) -> int: ...

    @late_write_drives.setter
    def late_write_drives(self, value: int, /) -> None: ...

    @property
    def late_write_state(self) -> int: ...

    @late_write_state.setter
    def late_write_state(self, value: int, /) -> None: ...

    @property
    def minor_faults(self) -> int: ...

    @minor_faults.setter
    def minor_faults(self, value: int, /) -> None: ...

    @property
    def major_faults(self) -> int: ...

    @major_faults.setter
    def major_faults(self, value: int, /) -> None: ...

    @property
    def ended(self) -> int: ...

    @ended.setter
    def ended(self, value: int, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> Statistics:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class FrameHeader:
    """What stands in front of the pixels of a camera image."""

    def __init__(self, *, number: int = ..., stamp_ns: int = ..., width: int = ..., height: int = ..., has_depth: int = ..., reserved: int = ..., fx: float = ..., fy: float = ..., cx: float = ..., cy: float = ..., position_base: numpy.typing.ArrayLike = ..., quaternion_base: numpy.typing.ArrayLike = ...) -> None: ...

    @property
    def number(self) -> int: ...

    @number.setter
    def number(self, value: int, /) -> None: ...

    @property
    def stamp_ns(self) -> int: ...

    @stamp_ns.setter
    def stamp_ns(self, value: int, /) -> None: ...

    @property
    def width(self) -> int: ...

    @width.setter
    def width(self, value: int, /) -> None: ...

    @property
    def height(self) -> int: ...

    @height.setter
    def height(self, value: int, /) -> None: ...

    @property
    def has_depth(self) -> int: ...

    @has_depth.setter
    def has_depth(self, value: int, /) -> None: ...

    @property
    def reserved(self) -> int: ...

    @reserved.setter
    def reserved(self, value: int, /) -> None: ...

    @property
    def fx(self) -> float: ...

    @fx.setter
    def fx(self, value: float, /) -> None: ...

    @property
    def fy(self) -> float: ...

    @fy.setter
    def fy(self, value: float, /) -> None: ...

    @property
    def cx(self) -> float: ...

    @cx.setter
    def cx(self, value: float, /) -> None: ...

    @property
    def cy(self) -> float: ...

    @cy.setter
    def cy(self, value: float, /) -> None: ...

    @property
    def position_base(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @position_base.setter
    def position_base(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def quaternion_base(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @quaternion_base.setter
    def quaternion_base(self, value: numpy.typing.ArrayLike, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> FrameHeader:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

def crc32c(data: bytes) -> int:
    """CRC-32C as the channels use it."""

def crc32c_by_table(data: bytes) -> int:
    """The same without the processor's instruction."""

class StateWriter:
    """Attaches to the channel; every earlier writer is fenced."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def write(self, message: State) -> bool:
        """Publish. False: a newer writer has attached, nothing was published."""

    @property
    def generation(self) -> int:
        """Of this writer."""

    @property
    def fenced(self) -> bool:
        """A newer writer has attached."""

class StateReader:
    """Reads the newest message."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def read(self) -> State | None:
        """
        The newest message; None if there is none that is whole (see `result`).
        """

    @property
    def result(self) -> ReadResult:
        """How the last read went."""

    @property
    def sequence(self) -> int:
        """Number of the last message read."""

    @property
    def generation(self) -> int:
        """Generation of the writer of the last message read."""

def create_state(path: str | os.PathLike[str]) -> None:
    """Make the channel's file. It must not exist."""

class StatisticsWriter:
    """Attaches to the channel; every earlier writer is fenced."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def write(self, message: Statistics) -> bool:
        """Publish. False: a newer writer has attached, nothing was published."""

    @property
    def generation(self) -> int:
        """Of this writer."""

    @property
    def fenced(self) -> bool:
        """A newer writer has attached."""

class StatisticsReader:
    """Reads the newest message."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def read(self) -> Statistics | None:
        """
        The newest message; None if there is none that is whole (see `result`).
        """

    @property
    def result(self) -> ReadResult:
        """How the last read went."""

    @property
    def sequence(self) -> int:
        """Number of the last message read."""

    @property
    def generation(self) -> int:
        """Generation of the writer of the last message read."""

def create_statistics(path: str | os.PathLike[str]) -> None:
    """Make the channel's file. It must not exist."""

class CommandWriter:
    """Attaches to the channel; every earlier writer is fenced."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def write(self, message: Command) -> bool:
        """Publish. False: a newer writer has attached, nothing was published."""

    @property
    def generation(self) -> int:
        """Of this writer."""

    @property
    def fenced(self) -> bool:
        """A newer writer has attached."""

class CommandReader:
    """Reads the newest message."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def read(self) -> Command | None:
        """
        The newest message; None if there is none that is whole (see `result`).
        """

    @property
    def result(self) -> ReadResult:
        """How the last read went."""

    @property
    def sequence(self) -> int:
        """Number of the last message read."""

    @property
    def generation(self) -> int:
        """Generation of the writer of the last message read."""

def create_command(path: str | os.PathLike[str]) -> None:
    """Make the channel's file. It must not exist."""

class ConstraintsWriter:
    """Attaches to the channel; every earlier writer is fenced."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def write(self, message: Constraints) -> bool:
        """Publish. False: a newer writer has attached, nothing was published."""

    @property
    def generation(self) -> int:
        """Of this writer."""

    @property
    def fenced(self) -> bool:
        """A newer writer has attached."""

class ConstraintsReader:
    """Reads the newest message."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def read(self) -> Constraints | None:
        """
        The newest message; None if there is none that is whole (see `result`).
        """

    @property
    def result(self) -> ReadResult:
        """How the last read went."""

    @property
    def sequence(self) -> int:
        """Number of the last message read."""

    @property
    def generation(self) -> int:
        """Generation of the writer of the last message read."""

def create_constraints(path: str | os.PathLike[str]) -> None:
    """Make the channel's file. It must not exist."""

class HeartbeatWriter:
    """Attaches to the channel; every earlier writer is fenced."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def write(self, message: Heartbeat) -> bool:
        """Publish. False: a newer writer has attached, nothing was published."""

    @property
    def generation(self) -> int:
        """Of this writer."""

    @property
    def fenced(self) -> bool:
        """A newer writer has attached."""

class HeartbeatReader:
    """Reads the newest message."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def read(self) -> Heartbeat | None:
        """
        The newest message; None if there is none that is whole (see `result`).
        """

    @property
    def result(self) -> ReadResult:
        """How the last read went."""

    @property
    def sequence(self) -> int:
        """Number of the last message read."""

    @property
    def generation(self) -> int:
        """Generation of the writer of the last message read."""

def create_heartbeat(path: str | os.PathLike[str]) -> None:
    """Make the channel's file. It must not exist."""

class DriveCommandWriter:
    """Attaches to the channel; every earlier writer is fenced."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def write(self, message: DriveCommand) -> bool:
        """Publish. False: a newer writer has attached, nothing was published."""

    @property
    def generation(self) -> int:
        """Of this writer."""

    @property
    def fenced(self) -> bool:
        """A newer writer has attached."""

class DriveCommandReader:
    """Reads the newest message."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def read(self) -> DriveCommand | None:
        """
        The newest message; None if there is none that is whole (see `result`).
        """

    @property
    def result(self) -> ReadResult:
        """How the last read went."""

    @property
    def sequence(self) -> int:
        """Number of the last message read."""

    @property
    def generation(self) -> int:
        """Generation of the writer of the last message read."""

def create_drive_command(path: str | os.PathLike[str]) -> None:
    """Make the channel's file. It must not exist."""

class DriveStateWriter:
    """Attaches to the channel; every earlier writer is fenced."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def write(self, message: DriveState) -> bool:
        """Publish. False: a newer writer has attached, nothing was published."""

    @property
    def generation(self) -> int:
        """Of this writer."""

    @property
    def fenced(self) -> bool:
        """A newer writer has attached."""

class DriveStateReader:
    """Reads the newest message."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def read(self) -> DriveState | None:
        """
        The newest message; None if there is none that is whole (see `result`).
        """

    @property
    def result(self) -> ReadResult:
        """How the last read went."""

    @property
    def sequence(self) -> int:
        """Number of the last message read."""

    @property
    def generation(self) -> int:
        """Generation of the writer of the last message read."""

def create_drive_state(path: str | os.PathLike[str]) -> None:
    """Make the channel's file. It must not exist."""

class RequestQueue:
    """Bounded queue of requests to rt_control."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def push(self, request: Request) -> bool:
        """
        Append. False: full (counted in `dropped`), or another process held the lock for 100 ms.
        """

    def pop(self) -> Request | None:
        """
        Take the oldest request, None if there is none. For rt_control, and tests that stand in for it.
        """

    @property
    def dropped(self) -> int:
        """Requests that were not taken because the queue was full."""

def create_requests(path: str | os.PathLike[str]) -> None:
    """Make the queue's file. It must not exist."""

class EventWriter:
    """Writes events; for rt_control, and tests that stand in for it."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def push(self, event: Event) -> bool:
        """Append. False: a newer writer has attached."""

class EventReader:
    """A cursor of its own in the events of rt_control."""

    def __init__(self, path: str | os.PathLike[str], from_start: bool = ...) -> None: ...

    def read(self) -> tuple[list[Event], int]:
        """
        Events since the last read, and how many were overwritten before they could be read.
        """

def create_events(path: str | os.PathLike[str]) -> None:
    """Make the ring's file. It must not exist."""

class FrameWriter:
    """Attaches to a camera's ring; every earlier writer is fenced."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def write(self, header: FrameHeader, rgb: numpy.typing.NDArray[numpy.uint8], depth: numpy.typing.NDArray[numpy.float32] | None = None) -> bool:
        """
        Publish; width, height and has_depth of the header are set from the images. False: fenced.
        """

    @property
    def generation(self) -> int:
        """Of this writer."""

    @property
    def fenced(self) -> bool:
        """A newer writer has attached."""

class FrameReader:
    """Reads the newest image of a camera."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def read(self, after_number: int = 0) -> tuple[FrameHeader, numpy.typing.NDArray[numpy.uint8], numpy.typing.NDArray[numpy.float32] | None] | None:
        """
        The newest image if its number exceeds `after_number`, in memory of its own; otherwise None.
        """

    @property
    def result(self) -> ReadResult:
        """How the last read went."""

    @property
    def sequence(self) -> int:
        """Number of the last message read."""

    @property
    def generation(self) -> int:
        """Generation of the writer of the last message read."""

def create_frame(path: str | os.PathLike[str], width: int, height: int, has_depth: bool) -> None:
    """
    Make a camera's ring for images of at most this size. It must not exist.
    """

class BytesWriter:
    """Attaches to a channel of bytes; every earlier writer is fenced."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def write(self, data: bytes) -> bool:
        """Publish. False: a newer writer has attached, nothing was published."""

    @property
    def generation(self) -> int:
        """Of this writer."""

    @property
    def fenced(self) -> bool:
        """A newer writer has attached."""

class BytesReader:
    """Reads the newest bytes."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def read(self) -> bytes | None:
        """The newest bytes; None if there are none that are whole."""

    @property
    def result(self) -> ReadResult:
        """How the last read went."""

    @property
    def sequence(self) -> int:
        """Number of the last message read."""

    @property
    def generation(self) -> int:
        """Generation of the writer of the last message read."""

def create_bytes(path: str | os.PathLike[str], capacity: int) -> None:
    """Make a channel for at most `capacity` bytes. It must not exist."""

class ConstraintSlot:
    """A source of constraints that must be heard."""

    def __init__(self, *, source: Source = ..., lease_cycles: int = ..., stale_speed_scale: float = ..., stale_margin_scale: float = ..., stale_tcp_speed_mps: float = ...) -> None: ...

    @property
    def source(self) -> Source: ...

    @source.setter
    def source(self, value: Source, /) -> None: ...

    @property
    def lease_cycles(self) -> int: ...

    @lease_cycles.setter
    def lease_cycles(self, value: int, /) -> None: ...

    @property
    def stale_speed_scale(self) -> float: ...

    @stale_speed_scale.setter
    def stale_speed_scale(self, value: float, /) -> None: ...

    @property
    def stale_margin_scale(self) -> float: ...

    @stale_margin_scale.setter
    def stale_margin_scale(self, value: float, /) -> None: ...

    @property
    def stale_tcp_speed_mps(self) -> float: ...

    @stale_tcp_speed_mps.setter
    def stale_tcp_speed_mps(self, value: float, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> ConstraintSlot:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class Capsule:
    """Shape of a part of the arm, in the frame of its axis."""

    def __init__(self, *, link: int = ..., begin: numpy.typing.ArrayLike = ..., end: numpy.typing.ArrayLike = ..., radius: float = ...) -> None: ...

    @property
    def link(self) -> int: ...

    @link.setter
    def link(self, value: int, /) -> None: ...

    @property
    def begin(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @begin.setter
    def begin(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def end(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @end.setter
    def end(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def radius(self) -> float: ...

    @radius.setter
    def radius(self, value: float, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> Capsule:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

    @property
    def name(self) -> str:
        """At most 39 bytes."""

    @name.setter
    def name(self, arg: str, /) -> None: ...

class CapsulePair:
    """Two capsules that must not meet, by their indices."""

    def __init__(self, *, first: int = ..., second: int = ...) -> None: ...

    @property
    def first(self) -> int: ...

    @first.setter
    def first(self, value: int, /) -> None: ...

    @property
    def second(self) -> int: ...

    @second.setter
    def second(self, value: int, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> CapsulePair:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

class Zone:
    """A box in the base frame that the arm keeps out of, or in."""

    def __init__(self, *, kind: ZoneKind = ..., lower: numpy.typing.ArrayLike = ..., upper: numpy.typing.ArrayLike = ...) -> None: ...

    @property
    def kind(self) -> ZoneKind: ...

    @kind.setter
    def kind(self, value: ZoneKind, /) -> None: ...

    @property
    def lower(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @lower.setter
    def lower(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def upper(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @upper.setter
    def upper(self, value: numpy.typing.ArrayLike, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> Zone:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

    @property
    def name(self) -> str:
        """At most 39 bytes."""

    @name.setter
    def name(self, arg: str, /) -> None: ...

class RobotModel:
    """What rt_control knows of its robot."""

    def __init__(self, *, axes: int = ..., arm_axes: int = ..., simulated: int = ..., lower: numpy.typing.ArrayLike = ..., upper: numpy.typing.ArrayLike = ..., velocity: numpy.typing.ArrayLike = ..., acceleration: numpy.typing.ArrayLike = ..., jerk: numpy.typing.ArrayLike = ..., torque: numpy.typing.ArrayLike = ..., position_parent: numpy.typing.ArrayLike = ..., quaternion_parent: numpy.typing.ArrayLike = ..., axis_vector: numpy.typing.ArrayLike = ..., tcp_position: numpy.typing.ArrayLike = ..., tcp_quaternion: numpy.typing.ArrayLike = ..., mass: numpy.typing.ArrayLike = ..., centre_of_mass: numpy.typing.ArrayLike = ..., inertia: numpy.typing.ArrayLike = ..., armature: numpy.typing.ArrayLike = ..., damping: numpy.typing.ArrayLike = ..., dry_friction: numpy.typing.ArrayLike = ..., gravity: numpy.typing.ArrayLike = ..., position_noise: float = ..., velocity_noise: float = ..., acceleration_noise: float = ..., disturbance_walk: float = ..., innovation_gate: float = ..., contact_gain_radps: float = ..., contact_model_error: float = ..., contact_floor: float = ..., contact_payload_kg: float = ..., contact_touch_n: float = ..., contact_hand_radius_m: float = ..., period_ns: int = ..., observation_age_limit_ns: int = ..., chunk_duration_limit_ns: int = ..., lateness_limit_ns: int = ..., lateness_limit_degraded_ns: int = ..., stream_lease_cycles: int = ..., agent_lease_cycles: int = ..., drive_lost_cycles: int = ..., drive_lost_cycles_degraded: int = ..., drive_watchdog_cycles: int = ..., drive_watchdog_cycles_degraded: int = ..., person_speed_mps: float = ..., robot_reaction_s: float = ..., intrusion_m: float = ..., person_uncertainty_m: float = ..., robot_uncertainty_m: float = ..., full_speed_mps: float = ..., self_clearance_m: float = ..., reduced_tcp_speed_mps: float = ..., position_tolerance: float = ..., standstill_velocity: float = ..., ramp_tolerance: float = ..., reseed_tolerance: float = ...) -> None: ...

    @property
    def axes(self) -> int: ...

    @axes.setter
    def axes(self, value: int, /) -> None: ...

    @property
    def arm_axes(self) -> int: ...

    @arm_axes.setter
    def arm_axes(self, value: int, /) -> None: ...

    @property
    def simulated(self) -> int: ...

    @simulated.setter
    def simulated(self, value: int, /) -> None: ...

    @property
    def lower(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @lower.setter
    def lower(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def upper(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @upper.setter
    def upper(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def velocity(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @velocity.setter
    def velocity(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def acceleration(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @acceleration.setter
    def acceleration(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def jerk(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @jerk.setter
    def jerk(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def torque(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @torque.setter
    def torque(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def position_parent(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @position_parent.setter
    def position_parent(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def quaternion_parent(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @quaternion_parent.setter
    def quaternion_parent(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def axis_vector(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @axis_vector.setter
    def axis_vector(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def tcp_position(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @tcp_position.setter
    def tcp_position(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def tcp_quaternion(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @tcp_quaternion.setter
    def tcp_quaternion(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def mass(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @mass.setter
    def mass(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def centre_of_mass(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @centre_of_mass.setter
    def centre_of_mass(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def inertia(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @inertia.setter
    def inertia(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def armature(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @armature.setter
    def armature(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def damping(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @damping.setter
    def damping(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def dry_friction(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @dry_friction.setter
    def dry_friction(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def gravity(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @gravity.setter
    def gravity(self, value: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def position_noise(self) -> float: ...

    @position_noise.setter
    def position_noise(self, value: float, /) -> None: ...

    @property
    def velocity_noise(self) -> float: ...

    @velocity_noise.setter
    def velocity_noise(self, value: float, /) -> None: ...

    @property
    def acceleration_noise(self) -> float: ...

    @acceleration_noise.setter
    def acceleration_noise(self, value: float, /) -> None: ...

    @property
    def disturbance_walk(self) -> float: ...

    @disturbance_walk.setter
    def disturbance_walk(self, value: float, /) -> None: ...

    @property
    def innovation_gate(self) -> float: ...

    @innovation_gate.setter
    def innovation_gate(self, value: float, /) -> None: ...

    @property
    def contact_gain_radps(self) -> float: ...

    @contact_gain_radps.setter
    def contact_gain_radps(self, value: float, /) -> None: ...

    @property
    def contact_model_error(self) -> float: ...

    @contact_model_error.setter
    def contact_model_error(self, value: float, /) -> None: ...

    @property
    def contact_floor(self) -> float: ...

    @contact_floor.setter
    def contact_floor(self, value: float, /) -> None: ...

    @property
    def contact_payload_kg(self) -> float: ...

    @contact_payload_kg.setter
    def contact_payload_kg(self, value: float, /) -> None: ...

    @property
    def contact_touch_n(self) -> float: ...

    @contact_touch_n.setter
    def contact_touch_n(self, value: float, /) -> None: ...

    @property
    def contact_hand_radius_m(self) -> float: ...

    @contact_hand_radius_m.setter
    def contact_hand_radius_m(self, value: float, /) -> None: ...

    @property
    def period_ns(self) -> int: ...

    @period_ns.setter
    def period_ns(self, value: int, /) -> None: ...

    @property
    def observation_age_limit_ns(self) -> int: ...

    @observation_age_limit_ns.setter
    def observation_age_limit_ns(self, value: int, /) -> None: ...

    @property
    def chunk_duration_limit_ns(self) -> int: ...

    @chunk_duration_limit_ns.setter
    def chunk_duration_limit_ns(self, value: int, /) -> None: ...

    @property
    def lateness_limit_ns(self) -> int: ...

    @lateness_limit_ns.setter
    def lateness_limit_ns(self, value: int, /) -> None: ...

    @property
    def lateness_limit_degraded_ns(self) -> int: ...

    @lateness_limit_degraded_ns.setter
    def lateness_limit_degraded_ns(self, value: int, /) -> None: ...

    @property
    def stream_lease_cycles(self) -> int: ...

    @stream_lease_cycles.setter
    def stream_lease_cycles(self, value: int, /) -> None: ...

    @property
    def agent_lease_cycles(self) -> int: ...

    @agent_lease_cycles.setter
    def agent_lease_cycles(self, value: int, /) -> None: ...

    @property
    def drive_lost_cycles(self) -> int: ...

    @drive_lost_cycles.setter
    def drive_lost_cycles(self, value: int, /) -> None: ...

    @property
    def drive_lost_cycles_degraded(self) -> int: ...

    @drive_lost_cycles_degraded.setter
    def drive_lost_cycles_degraded(self, value: int, /) -> None: ...

    @property
    def drive_watchdog_cycles(self) -> int: ...

    @drive_watchdog_cycles.setter
    def drive_watchdog_cycles(self, value: int, /) -> None: ...

    @property
    def drive_watchdog_cycles_degraded(self) -> int: ...

    @drive_watchdog_cycles_degraded.setter
    def drive_watchdog_cycles_degraded(self, value: int, /) -> None: ...

    @property
    def person_speed_mps(self) -> float: ...

    @person_speed_mps.setter
    def person_speed_mps(self, value: float, /) -> None: ...

    @property
    def robot_reaction_s(self) -> float: ...

    @robot_reaction_s.setter
    def robot_reaction_s(self, value: float, /) -> None: ...

    @property
    def intrusion_m(self) -> float: ...

    @intrusion_m.setter
    def intrusion_m(self, value: float, /) -> None: ...

    @property
    def person_uncertainty_m(self) -> float: ...

    @person_uncertainty_m.setter
    def person_uncertainty_m(self, value: float, /) -> None: ...

    @property
    def robot_uncertainty_m(self) -> float: ...

    @robot_uncertainty_m.setter
    def robot_uncertainty_m(self, value: float, /) -> None: ...

    @property
    def full_speed_mps(self) -> float: ...

    @full_speed_mps.setter
    def full_speed_mps(self, value: float, /) -> None: ...

    @property
    def self_clearance_m(self) -> float: ...

    @self_clearance_m.setter
    def self_clearance_m(self, value: float, /) -> None: ...

    @property
    def reduced_tcp_speed_mps(self) -> float: ...

    @reduced_tcp_speed_mps.setter
    def reduced_tcp_speed_mps(self, value: float, /) -> None: ...

    @property
    def position_tolerance(self) -> float: ...

    @position_tolerance.setter
    def position_tolerance(self, value: float, /) -> None: ...

    @property
    def standstill_velocity(self) -> float: ...

    @standstill_velocity.setter
    def standstill_velocity(self, value: float, /) -> None: ...

    @property
    def ramp_tolerance(self) -> float: ...

    @ramp_tolerance.setter
    def ramp_tolerance(self, value: float, /) -> None: ...

    @property
    def reseed_tolerance(self) -> float: ...

    @reseed_tolerance.setter
    def reseed_tolerance(self, value: float, /) -> None: ...

    def __repr__(self) -> str: ...

    def copy(self) -> RobotModel:
        """An independent copy."""

    def __eq__(self, other: object, /) -> bool: ...

    @property
    def names(self) -> list[str]:
        """Names of the axes, at most 39 bytes each; set `axes` first."""

    @names.setter
    def names(self, arg: Sequence[str], /) -> None: ...

    @property
    def kinds(self) -> list[AxisKind]: ...

    @kinds.setter
    def kinds(self, arg: Sequence[AxisKind], /) -> None: ...

    @property
    def constraint_slots(self) -> list[ConstraintSlot]:
        """A copy of the list; assign a whole one."""

    @constraint_slots.setter
    def constraint_slots(self, arg: Sequence[ConstraintSlot], /) -> None: ...

    @property
    def capsules(self) -> list[Capsule]:
        """A copy of the list; assign a whole one."""

    @capsules.setter
    def capsules(self, arg: Sequence[Capsule], /) -> None: ...

    @property
    def pairs(self) -> list[CapsulePair]:
        """A copy of the list; assign a whole one."""

    @pairs.setter
    def pairs(self, arg: Sequence[CapsulePair], /) -> None: ...

    @property
    def zones(self) -> list[Zone]:
        """A copy of the list; assign a whole one."""

    @zones.setter
    def zones(self, arg: Sequence[Zone], /) -> None: ...

    def fault(self) -> str:
        """
        Empty if the model can be run; otherwise one line saying what is wrong with it.
        """

    def to_bytes(self) -> bytes:
        """With magic, version and checksum in front."""

    @staticmethod
    def from_bytes(data: bytes) -> RobotModel:
        """
        Raises ChannelError unless the bytes are those of to_bytes of this build, and can be run.
        """

class Kinematics:
    """Forward kinematics and Jacobian of the arm."""

    def __init__(self, model: RobotModel) -> None: ...

    @property
    def arm_axes(self) -> int:
        """Axes of the chain from base to TCP."""

    def forward(self, position: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]:
        """
        base_from_tcp, 4 x 4. More positions than the arm has axes are ignored.
        """

    def link_poses(self, position: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]:
        """
        base_from_link of each arm axis after its motion, then base_from_tcp: (arm_axes + 1, 4, 4).
        """

    def jacobian(self, position: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]:
        """
        6 x arm_axes: linear, then angular velocity of the TCP in the base frame.
        """

class RigidBody:
    """
    Dynamics of the arm: torque = M(q) a + C(q, v) v + g(q); friction is apart. SI units.
    """

    def __init__(self, model: RobotModel) -> None: ...

    def inverse_dynamics(self, position: numpy.typing.ArrayLike, velocity: numpy.typing.ArrayLike, acceleration: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]:
        """Torque of the motors for a motion, without friction."""

    def forward_dynamics(self, position: numpy.typing.ArrayLike, velocity: numpy.typing.ArrayLike, torque: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]:
        """Acceleration that a torque causes, without friction."""

    def gravity_torque(self, position: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]:
        """Torque that holds the arm against its weight."""

    def coriolis_torque(self, position: numpy.typing.ArrayLike, velocity: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]:
        """C v."""

    def momentum(self, position: numpy.typing.ArrayLike, velocity: numpy.typing.ArrayLike) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]:
        """M v, and C^T v."""

    def mass_matrix(self, position: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]:
        """M, with the armature of the motors."""

    def friction_torque(self, velocity: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]:
        """Torque that overcomes damping and dry friction."""

    def torque_magnitude(self, position: numpy.typing.ArrayLike, velocity: numpy.typing.ArrayLike, acceleration: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]:
        """
        What each link takes of the torque, summed without sign: a model wrong by a share is wrong by that of it.
        """

    @property
    def gravity(self) -> numpy.typing.NDArray[numpy.float64]:
        """In the base frame, m/s2."""

    @gravity.setter
    def gravity(self, value: numpy.typing.ArrayLike, /) -> None: ...

class EstimatorCounts:
    """What the estimator did not believe."""

    @property
    def outliers(self) -> int: ...

    @property
    def refused(self) -> int: ...

    @property
    def reseeded(self) -> int: ...

class Estimator:
    """Position, velocity and external torque from what the drives measure."""

    def __init__(self, model: RobotModel) -> None: ...

    def reset(self, position: numpy.typing.ArrayLike, velocity: numpy.typing.ArrayLike) -> None:
        """Begin anew."""

    def predict(self, torque: numpy.typing.ArrayLike | None, cycles: int = 1) -> None:
        """Time passes; None: the last torque holds."""

    def correct(self, position: numpy.typing.ArrayLike, velocity: numpy.typing.ArrayLike, age_cycles: int = 0) -> None:
        """A sample that was measured `age_cycles` ago."""

    @property
    def position(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @property
    def velocity(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @property
    def disturbance(self) -> numpy.typing.NDArray[numpy.float64]:
        """Acceleration that external torque causes."""

    @property
    def external_torque(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @property
    def counts(self) -> EstimatorCounts: ...

    def covariance(self, axis: int) -> numpy.typing.NDArray[numpy.float64]:
        """Of position, velocity and disturbance of an axis, 3 x 3."""

class BaseTilt:
    """Direction of gravity from an inertial unit on the base."""

    def __init__(self, gravity: numpy.typing.ArrayLike, period_s: float) -> None: ...

    def observe(self, specific_force: numpy.typing.ArrayLike, angular_rate: numpy.typing.ArrayLike) -> bool:
        """In the base frame, m/s2 and rad/s; False: not used."""

    @property
    def gravity(self) -> numpy.typing.NDArray[numpy.float64]: ...

class ContactFinding:
    """The axis whose residual is largest beside its threshold."""

    @property
    def contact(self) -> bool: ...

    @property
    def axis(self) -> int: ...

    @property
    def residual(self) -> float: ...

    @property
    def threshold(self) -> float: ...

    def __repr__(self) -> str: ...

class ContactObserver:
    """Generalised-momentum observer with its thresholds."""

    def __init__(self, model: RobotModel) -> None: ...

    def reset(self) -> None:
        """Forget all; the next cycle seeds it."""

    def observe(self, position: numpy.typing.ArrayLike, velocity: numpy.typing.ArrayLike, torque: numpy.typing.ArrayLike, acceleration_reference: numpy.typing.ArrayLike, elapsed_cycles: int = 1) -> ContactFinding:
        """
        One cycle: position and velocity at its end, the mean torque of the motors within it.
        """

    @property
    def residual(self) -> numpy.typing.NDArray[numpy.float64]:
        """External torque of each axis."""

    @property
    def threshold(self) -> numpy.typing.NDArray[numpy.float64]: ...

    @property
    def refused(self) -> int:
        """Samples that were not finite."""

class Resetter(enum.IntEnum):
    """Who may end a latched stop."""

    nobody = 0

    operator_ = 1

    requester = 2

class FaultRule:
    """What one fault does."""

    @property
    def fault(self) -> Fault: ...

    @property
    def stop(self) -> Stop: ...

    @property
    def latched(self) -> bool: ...

    @property
    def resetter(self) -> Resetter: ...

    @property
    def text(self) -> str: ...

    @property
    def outcome(self) -> str:
        """Of a run that nobody attends."""

def fault_table() -> list[FaultRule]:
    """The table of faults, in the order of Fault."""

def execution_table() -> list[list[ExecutionState]]:
    """Next execution state by state and ExecutionEvent."""

class ExecutionEvent(enum.IntEnum):
    """What changes the execution state."""

    moves = 0

    brakes = 1

    rests = 2

    released = 3

    ramps_down = 4

    ramp_ended = 5

    torque_off = 6

    reset = 7

class AxisState:
    """One axis at one moment; rad or m and their derivatives."""

    def __init__(self, position: float, velocity: float, acceleration: float) -> None: ...

    @property
    def position(self) -> float: ...

    @property
    def velocity(self) -> float: ...

    @property
    def acceleration(self) -> float: ...

class AxisLimits:
    """Limits of one axis; rad or m and their derivatives."""

    def __init__(self, lower: float, upper: float, velocity: float, acceleration: float, jerk: float) -> None: ...

class StopProfile:
    """The shortest stop that acceleration and jerk allow."""

    def __init__(self, state: AxisState, acceleration: float, jerk: float) -> None: ...

    @property
    def duration_s(self) -> float: ...

    @property
    def rest_position(self) -> float: ...

    def at(self, time_s: float) -> AxisState:
        """The axis this long after the beginning, >= 0."""

    def reach(self) -> tuple[float, float, float, float]:
        """Lowest and highest position, lowest and highest velocity until rest."""

def viable_step(state: AxisState, mean_acceleration: float, wanted_acceleration: float, limits: AxisLimits, period: float, speed_scale: float = ...) -> tuple[AxisState, float]:
    """
    The next state, as near to the wanted acceleration as is viable, and the share of it.
    """

def approach(state: AxisState, target: AxisState, mean_acceleration: float, limits: AxisLimits, period: float) -> float:
    """
    Acceleration that reaches a target, given at the end of the cycle, soonest without overshoot.
    """

def braking_share(acceleration: float, jerk: float, period: float) -> float:
    """
    Share of a speed that a stop takes off in the next cycle; limits divided by that speed.
    """

class StopMachine:
    """Which stop is in force and why."""

    def __init__(self) -> None: ...

    def raise_fault(self, fault: Fault, source: Source = ...) -> bool:
        """True if this fault was not in force yet."""

    def release(self) -> None:
        """Ends an SS2; a latched stop stays."""

    def reset(self) -> None:
        """Ends every stop; the caller has checked that it may."""

    def may_reset(self, origin: Source) -> bool: ...

    @property
    def in_force(self) -> Stop: ...

    @property
    def latched(self) -> bool: ...

    @property
    def first(self) -> Fault: ...

    @property
    def last(self) -> Fault: ...

class RampMonitor:
    """Supervises a stop ramp: does the robot slow down as it was told?"""

    def __init__(self, model: RobotModel) -> None: ...

    def begin(self, measured: numpy.typing.ArrayLike, reference: numpy.typing.ArrayLike) -> None:
        """A ramp begins, with these velocities of all axes."""

    def check(self, measured: numpy.typing.ArrayLike, reference: numpy.typing.ArrayLike) -> int:
        """One cycle of the ramp. The axis that does not follow, -1 if all do."""

class Inputs:
    """What one cycle reads; only what is new in this cycle."""

    def __init__(self) -> None: ...

    @property
    def now_ns(self) -> int:
        """When this cycle was due."""

    @now_ns.setter
    def now_ns(self, arg: int, /) -> None: ...

    @property
    def drive_state(self) -> DriveState | None: ...

    @drive_state.setter
    def drive_state(self, arg: DriveState | None, /) -> None: ...

    @property
    def commands(self) -> list[Command]:
        """At most one per source. A copy; assign a whole list."""

    @commands.setter
    def commands(self, arg: Sequence[Command], /) -> None: ...

    @property
    def corrupt_commands(self) -> list[Source]:
        """Sources whose new command failed its checksum."""

    @corrupt_commands.setter
    def corrupt_commands(self, arg: Sequence[Source], /) -> None: ...

    @property
    def constraints(self) -> list[Constraints]:
        """At most one per source. A copy; assign a whole list."""

    @constraints.setter
    def constraints(self, arg: Sequence[Constraints], /) -> None: ...

    @property
    def agent_heartbeat(self) -> Heartbeat | None: ...

    @agent_heartbeat.setter
    def agent_heartbeat(self, arg: Heartbeat | None, /) -> None: ...

    @property
    def requests(self) -> list[Request]:
        """A copy; assign a whole list. `origin` is that of the queue."""

    @requests.setter
    def requests(self, arg: Sequence[Request], /) -> None: ...

    @property
    def wake_latency_ns(self) -> int: ...

    @wake_latency_ns.setter
    def wake_latency_ns(self, arg: int, /) -> None: ...

    @property
    def compute_ns(self) -> int: ...

    @compute_ns.setter
    def compute_ns(self, arg: int, /) -> None: ...

    @property
    def stages(self) -> StageTimes:
        """Of the cycle before."""

    @stages.setter
    def stages(self, arg: StageTimes, /) -> None: ...

    @property
    def deadline_misses(self) -> int: ...

    @deadline_misses.setter
    def deadline_misses(self, arg: int, /) -> None: ...

    @property
    def skipped_cycles(self) -> int: ...

    @skipped_cycles.setter
    def skipped_cycles(self, arg: int, /) -> None: ...

    @property
    def requests_lost(self) -> int:
        """Refused or corrupt, since the start."""

    @requests_lost.setter
    def requests_lost(self, arg: int, /) -> None: ...

    @property
    def realtime(self) -> int:
        """RealtimeStatus bits."""

    @realtime.setter
    def realtime(self, arg: int, /) -> None: ...

    @property
    def channel_broken(self) -> bool: ...

    @channel_broken.setter
    def channel_broken(self, arg: bool, /) -> None: ...

    @property
    def forbidden_call(self) -> int:
        """Number of a refused system call; -1: none."""

    @forbidden_call.setter
    def forbidden_call(self, arg: int, /) -> None: ...

    @property
    def shutdown(self) -> bool: ...

    @shutdown.setter
    def shutdown(self, arg: bool, /) -> None: ...

class Outputs:
    """What one cycle decided."""

    @property
    def state(self) -> State: ...

    @property
    def drive_command(self) -> DriveCommand: ...

    @property
    def events(self) -> list[Event]: ...

    @property
    def finished(self) -> bool:
        """After a shutdown: at rest, torque off."""

class Controller:
    """All decisions of tier 1. No clock, no I/O."""

    def __init__(self, model: RobotModel, generation: int = ..., previous: State | None = ...) -> None:
        """`previous`: last state of the rt_control before, if there was one."""

    def copy(self) -> Controller:
        """Another controller in the same state."""

    def step(self, inputs: Inputs) -> Outputs:
        """Execute one cycle."""

def distance_between(begin: Annotated[NDArray[numpy.float64], dict(shape=(3), order='C')], end: Annotated[NDArray[numpy.float64], dict(shape=(3), order='C')], other_begin: Annotated[NDArray[numpy.float64], dict(shape=(3), order='C')], other_end: Annotated[NDArray[numpy.float64], dict(shape=(3), order='C')]) -> float:
    """Of two segments, m."""

def distance_outside(begin: Annotated[NDArray[numpy.float64], dict(shape=(3), order='C')], end: Annotated[NDArray[numpy.float64], dict(shape=(3), order='C')], lower: Annotated[NDArray[numpy.float64], dict(shape=(3), order='C')], upper: Annotated[NDArray[numpy.float64], dict(shape=(3), order='C')]) -> float:
    """
    From a segment to a box, m, never more than it is; negative where it is inside.
    """

def distance_inside(begin: Annotated[NDArray[numpy.float64], dict(shape=(3), order='C')], end: Annotated[NDArray[numpy.float64], dict(shape=(3), order='C')], lower: Annotated[NDArray[numpy.float64], dict(shape=(3), order='C')], upper: Annotated[NDArray[numpy.float64], dict(shape=(3), order='C')]) -> float:
    """
    From a segment to the nearest side of the box that it is in, m; negative where an end is outside.
    """

class ClearanceFinding:
    """Whether a motion is clear, and what is in its way."""

    @property
    def is_clear(self) -> bool: ...

    @property
    def constraint(self) -> Constraint: ...

    @property
    def link(self) -> int: ...

    @property
    def distance_m(self) -> float: ...

    @property
    def needed_m(self) -> float: ...

class Clearance:
    """Whether motions keep the arm clear of itself and of the zones."""

    def __init__(self, model: RobotModel) -> None: ...

    def check(self, position: numpy.typing.ArrayLike, next: Sequence[AxisState]) -> ClearanceFinding:
        """
        Of an arm at `position`: is the way to the next states, and the stop from them, clear?
        """

    def least_m(self, position: numpy.typing.ArrayLike) -> float:
        """
        Least distance over all that is watched less what must be left, m; infinite where nothing is.
        """

    def fastest_point(self, position: numpy.typing.ArrayLike, velocity: numpy.typing.ArrayLike) -> float:
        """Speed of the fastest point of the arm, m/s."""

class Separation:
    """How far a person must be: ISO/TS 15066, 5.5.4."""

    def __init__(self, model: RobotModel) -> None: ...

    def protective_m(self, share: float, reaction_s: float = ...) -> float:
        """At a share of the full speeds, m."""

    def speed_scale(self, distance_m: float, reaction_s: float = ...) -> float:
        """Largest share of the full speeds that a distance allows."""

def capsule_distances(points: numpy.typing.NDArray[numpy.float32], capsules: numpy.typing.NDArray[numpy.float64]) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.bool_]]:
    """
    Distance (n,) of points (3, n) from the surfaces of capsules (k, 8): start, end, radius, and by how much the body may exceed it, m; and which points may be the body's. Refuses what is not finite.
    """

def black_box_fields() -> list[tuple[str, str, int]]:
    """Name, format and offset of each field of a record of the black box."""

BLACK_BOX_RECORD_BYTES: int = ...

BLACK_BOX_RECORDS: int = ...

def read_black_box(path: str | os.PathLike[str]) -> tuple[bytes, int]:
    """The whole records, oldest first, and how many are torn."""

class BlackBoxWriter:
    """Writes the black box as rt_control does."""

    def __init__(self, path: str | os.PathLike[str]) -> None: ...

    def write(self, state: State, drive_command: DriveCommand, times: StageTimes, forbidden_call: int = ...) -> None: ...

def longest_stage(times: StageTimes) -> Stage:
    """The stage that took longest."""

class Health:
    """Whether the loop is proven healthy."""

    def __init__(self) -> None: ...

    def update(self, *, in_time: bool = ..., drives_written: bool = ..., state_written: bool = ..., drive_age: int = ..., drive_age_limit: int = ..., first_cause: Fault = ...) -> bool:
        """Take one cycle; true if health is proven with it."""

    PROVEN_CYCLES: Final[int] = ...
    """(arg: object, /) -> int"""

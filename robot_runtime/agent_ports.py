"""What the agent reads and writes, as plain messages: lockstep and the live runtime each implement it once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from behaviours.robot import RobotState
from perception.scene import Scene
from robot_runtime.agent_api import Call, Reply
from robot_runtime.directive import Directive, WorkerStatus


class Beat(msgspec.Struct, frozen=True):
    """One heartbeat.

    Attributes:
        source: who beats.
        state: `starting`, `healthy`, `degraded` or `stopping`.
        pid: of the process.
        stamp_ns: when it was written.
        count: loops of the process so far; of `cameras`, loops that wrote images.
        rate_hz: of the process's loop, measured.
        busy_ratio: 0..1 share of its period that it worked.
        missed: its own deadlines missed since start.
    """

    source: str
    state: str
    pid: int
    stamp_ns: int
    count: int
    rate_hz: float = 0.0
    busy_ratio: float = 0.0
    missed: int = 0


class Tier1Event(msgspec.Struct, frozen=True):
    """One event of `rt_control`, its code already spelled out.

    Attributes:
        kind: name of the EventKind.
        code: name of what the code stands for (a fault, refusal, constraint, source, request, `before>after`).
        source: process concerned.
        axis: index; -1 = none.
        cycle: of `rt_control`.
        stamp_ns: when it happened.
        requested, admitted, limit: in the event's own unit.
    """

    kind: str
    code: str
    source: str
    axis: int
    cycle: int
    stamp_ns: int
    requested: float = 0.0
    admitted: float = 0.0
    limit: float = 0.0


Tier1RequestKind = Literal["grant_authority", "revoke_authority", "hold", "begin_skill", "end_skill"]


class Tier1Request(msgspec.Struct, frozen=True):
    """One edge that the agent asks of `rt_control`; its origin is always the agent.

    Attributes:
        kind: what is asked. Stops and resets are the operator's and travel in the operator's own queue.
        source: whom it concerns.
        epoch: of the authority; 0 where it does not matter.
        skill: number of the skill; 0 where it does not matter.
        stamp_ns: when it was asked.
    """

    kind: Tier1RequestKind
    source: str
    epoch: int
    skill: int
    stamp_ns: int


class AgentConstraints(msgspec.Struct, frozen=True):
    """The care that the agent asks of tier 1; it measures no person distance (NaN in the shared-memory message).

    Attributes:
        stamp_ns: now.
        speed_scale: 0..1 of every velocity limit.
        margin_scale: at least 1, multiplies protective distances.
    """

    stamp_ns: int
    speed_scale: float
    margin_scale: float


class AgentPorts(Protocol):
    """Everything that crosses the agent's border. No method blocks; a reader returns the newest there is."""

    def robot_state(self) -> RobotState | None:
        """Newest state of tier 1 (`robot_runtime.tier1.robot_state` converts it); None before the first."""
        ...

    def events(self) -> tuple[Sequence[Tier1Event], int]:
        """Events of tier 1 since the last call, and how many of them were lost."""
        ...

    def scene(self) -> Scene | None:
        """Newest scene; None before the first."""
        ...

    def beat(self, source: str) -> Beat | None:
        """Newest heartbeat of `cameras`, `perception`, `policy`, `fallback` or `plant`; None before the first."""
        ...

    def worker_status(self, source: str) -> WorkerStatus | None:
        """Newest answer of `perception`, `policy` or `fallback`; None before the first."""
        ...

    def cloud_heard_ns(self) -> int | None:
        """When the cloud last answered; None if never."""
        ...

    def calls(self) -> Sequence[Call]:
        """Requests to the agent's API since the last call."""
        ...

    def answer(self, call: Call, reply: Reply) -> None:
        """Send the reply to one call; a client that has gone is no error."""
        ...

    def send_beat(self, beat: Beat) -> None:
        """Write the agent's heartbeat."""
        ...

    def send_constraints(self, constraints: AgentConstraints) -> None:
        """Write the agent's constraints."""
        ...

    def send_request(self, request: Tier1Request) -> bool:
        """Push one request to tier 1; False if its queue is full (the agent tries again in the next tick)."""
        ...

    def send_directive(self, directive: Directive) -> None:
        """Publish the directive."""
        ...

    def send_snapshot(self, snapshot: bytes) -> None:
        """Publish one message of the snapshot stream."""
        ...

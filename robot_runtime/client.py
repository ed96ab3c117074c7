"""The Python client of a running robot: the agent's API, the snapshot stream, and the operator's stop and reset.

Everything has a time-out. Stop and reset do not pass through the agent: they go straight into tier 1's queue.
"""

from __future__ import annotations

import logging
import time
from types import TracebackType
from typing import Literal

import msgspec
import zmq

from robot_runtime.agent_api import (
    API_VERSION,
    CancelMission,
    GetStatus,
    Hello,
    Pause,
    Refused,
    Release,
    Reply,
    ReplyEnvelope,
    Request,
    RequestEnvelope,
    Resume,
    StartMission,
    StatusReply,
    TakeOver,
    Welcome,
)
from robot_runtime.agent_status import AgentStatus
from robot_runtime.snapshots import SnapshotAssembler, TreeView
from robot_runtime.snapshots import decode as decode_snapshot
from rt_control.channels import RunDirectory
from rt_control.errors import ChannelError, DynamicalError, WorkerLost

_logger = logging.getLogger(__name__)

_BACKLOG = 1000  # messages of the snapshot stream that a slow reader may lag behind


class RequestRefused(DynamicalError):
    """The agent, or tier 1's queue, did not do what was asked; the message says why."""


class AgentClient:
    """One connection to one agent. Not thread-safe; use one for each thread.

    Args:
        endpoint: of the API, as `RunDirectory.endpoint("agent.api")` gives it.
        timeout_s: each request fails after so long without an answer.
        name: of this client, for the agent's log.
        context: of ZeroMQ; the process's own when left out.
    """

    def __init__(
        self,
        endpoint: str,
        timeout_s: float = 2.0,
        name: str = "python client",
        context: zmq.Context[zmq.Socket[bytes]] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._name = name
        self._socket = (context or zmq.Context.instance()).socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.connect(endpoint)
        self._requests = 0
        self._decoder = msgspec.msgpack.Decoder(ReplyEnvelope)

    def hello(self) -> Welcome:
        """Ask who is there."""
        reply = self.request(Hello(self._name))
        assert isinstance(reply, Welcome), f"the agent answered hello with {reply}"
        return reply

    def status(self) -> AgentStatus:
        """How the robot stands."""
        reply = self.request(GetStatus())
        assert isinstance(reply, StatusReply), f"the agent answered get_status with {reply}"
        return reply.status

    def pause(self, reason: str = "paused by the operator") -> None:
        """Suspend the mission; the robot holds."""
        self.request(Pause(reason))

    def resume(self) -> None:
        """Go on after a pause, or after the reset of a stop."""
        self.request(Resume())

    def start_mission(self, name: str, text: str) -> None:
        """Run a mission.

        Args:
            name: what to call the file in errors.
            text: its XML, e.g. from `trees.mission.mission_text`.
        """
        self.request(StartMission(name, text))

    def cancel_mission(self) -> None:
        """End the mission."""
        self.request(CancelMission())

    def take_over(self, operator: str) -> None:
        """Suspend the mission and give the robot to the operator's jog."""
        self.request(TakeOver(operator))

    def release(self) -> None:
        """Give the robot back after a takeover."""
        self.request(Release())

    def request(self, body: Request) -> Reply:
        """Send one request and wait for its reply.

        Raises:
            RequestRefused: the agent refused it.
            WorkerLost: no answer in time.
        """
        self._requests += 1
        self._socket.send(msgspec.msgpack.encode(RequestEnvelope(API_VERSION, self._requests, body)), zmq.NOBLOCK)
        until = time.monotonic() + self._timeout_s
        while (left_s := until - time.monotonic()) > 0:
            if not self._socket.poll(int(left_s * 1000) + 1):
                continue
            reply = self._decoder.decode(self._socket.recv())
            if reply.id != self._requests:
                continue  # the answer to an earlier request, which came too late
            if isinstance(reply.body, Refused):
                raise RequestRefused(reply.body.reason)
            return reply.body
        raise WorkerLost(
            f"the agent did not answer within {self._timeout_s:g} s at {self._endpoint}; see `dynamical rt status`"
        )

    def close(self) -> None:
        """Release the socket."""
        self._socket.close()

    def __enter__(self) -> AgentClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class OperatorStop:
    """The operator's edges to tier 1.

    Args:
        run: of the robot.
    """

    def __init__(self, run: RunDirectory) -> None:
        from rt_control import _native as native

        self._native = native
        self._queue = native.RequestQueue(run.path("requests.operator"))

    def stop(self) -> None:
        """Stop the robot (SS1, latched); it stays stopped until a reset.

        Raises:
            ChannelError: the queue is full.
        """
        self._push("stop")

    def reset(self) -> None:
        """End a latched stop, if its cause is gone and the robot is at rest. Nothing moves before `resume`.

        Raises:
            ChannelError: the queue is full.
        """
        self._push("reset")

    def _push(self, kind: Literal["stop", "reset"]) -> None:
        native = self._native
        request = native.Request(
            kind=native.RequestKind[kind], origin=native.Source.operator_, stamp_ns=time.monotonic_ns()
        )
        if not self._queue.push(request):
            raise ChannelError(f"tier 1's queue is full, so that {kind} was not taken: is rt_control alive?")


class SnapshotReader:
    """Follows the snapshot stream, also across restarts of the agent. Never blocks.

    Args:
        endpoint: of the stream, as `RunDirectory.endpoint("agent.snapshots")` gives it.
        context: of ZeroMQ; the process's own when left out.
    """

    def __init__(self, endpoint: str, context: zmq.Context[zmq.Socket[bytes]] | None = None) -> None:
        self._socket = (context or zmq.Context.instance()).socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVHWM, _BACKLOG)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 50)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        self._socket.connect(endpoint)
        self._assembler = SnapshotAssembler()

    def read(self) -> TreeView | None:
        """The newest state; None before the first complete snapshot, and after a gap until the next one."""
        while True:
            try:
                data = self._socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                return self._assembler.view
            try:
                self._assembler.apply(decode_snapshot(data))
            except msgspec.MsgspecError as error:
                _logger.warning("the snapshot stream is of another version, or broken: %s", error)
                self._assembler.view = None

    def close(self) -> None:
        """Release the socket."""
        self._socket.close()

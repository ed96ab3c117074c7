"""The agent's API: versioned messages, and the side that serves them. One page of it: docs/agent-api.md.

Requests travel from a DEALER to the agent's ROUTER as msgpack; each is answered in the agent's next tick. Stops and
resets are not in it: they go straight into tier 1's queue of operator requests (`robot_runtime.client`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import zmq

from robot_runtime.agent_status import AgentStatus

API_VERSION = 1
MESSAGE_LIMIT_BYTES = 1 << 20
CALLS_PER_TICK = 16

_logger = logging.getLogger(__name__)


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """Who is there? Answered by Welcome.

    Attributes:
        client: name of the caller, for the log.
    """

    client: str


class GetStatus(msgspec.Struct, frozen=True, tag="get_status"):
    """How does the robot stand? Answered by StatusReply."""


class Pause(msgspec.Struct, frozen=True, tag="pause"):
    """End the running skill cleanly and hold; the mission is suspended.

    Attributes:
        reason: shown to everybody until the robot resumes.
    """

    reason: str = "paused by the operator"


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    """Go on after a pause, or after the reset of a stop. Refused while a stop is latched."""


class StartMission(msgspec.Struct, frozen=True, tag="start_mission"):
    """Run a mission. Refused while another one runs, or if it is not one that this robot can run.

    Attributes:
        name: what to call the file in errors.
        text: its XML; the agent itself reads no files.
    """

    name: str
    text: str


class CancelMission(msgspec.Struct, frozen=True, tag="cancel_mission"):
    """End the mission; the robot holds and is idle."""


class TakeOver(msgspec.Struct, frozen=True, tag="take_over"):
    """Suspend the mission and give authority to the operator's jog.

    Attributes:
        operator: who takes over.
    """

    operator: str


class Release(msgspec.Struct, frozen=True, tag="release"):
    """Give the robot back after a takeover; the mission goes on."""


Request = Hello | GetStatus | Pause | Resume | StartMission | CancelMission | TakeOver | Release


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """Answer to Hello.

    Attributes:
        robot: its name.
        version: of this API.
    """

    robot: str
    version: int


class StatusReply(msgspec.Struct, frozen=True, tag="status"):
    """Answer to GetStatus.

    Attributes:
        status: as of the last tick.
    """

    status: AgentStatus


class Done(msgspec.Struct, frozen=True, tag="done"):
    """It is in force."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It was not done.

    Attributes:
        reason: what is wrong, what is allowed, and the mend.
    """

    reason: str


Reply = Welcome | StatusReply | Done | Refused


class RequestEnvelope(msgspec.Struct, frozen=True):
    """One request on the wire.

    Attributes:
        version: of the API that the client speaks.
        id: chosen by the client, returned in the reply.
        body: the request.
    """

    version: int
    id: int
    body: Request


class ReplyEnvelope(msgspec.Struct, frozen=True):
    """One reply on the wire.

    Attributes:
        version: of the API that the agent speaks.
        id: of the request.
        body: the reply.
    """

    version: int
    id: int
    body: Reply


class _AnyVersion(msgspec.Struct, frozen=True):
    version: int
    id: int
    body: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Call:
    """One request and whom to answer.

    Attributes:
        request: what is asked.
        client: routing identity.
        id: chosen by the client.
    """

    request: Request
    client: bytes = b""
    id: int = 0


class AgentApiServer:
    """The agent's end of the API. No method blocks.

    Args:
        endpoint: `ipc://...` or `inproc://...`, bound by this server.
        context: of ZeroMQ; the process's own when left out.
    """

    def __init__(self, endpoint: str, context: zmq.Context[zmq.Socket[bytes]] | None = None) -> None:
        self._socket = (context or zmq.Context.instance()).socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_LIMIT_BYTES)
        self._socket.bind(endpoint)
        self._frame = msgspec.msgpack.Decoder(_AnyVersion)
        self._request: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
        self._encoder = msgspec.msgpack.Encoder()

    def receive(self) -> Sequence[Call]:
        """Requests that have arrived; what is malformed or of another version is refused here."""
        calls: list[Call] = []
        for _ in range(CALLS_PER_TICK):
            try:
                client, *parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            call = self._decode(client, parts)
            if call is not None:
                calls.append(call)
        return calls

    def answer(self, call: Call, reply: Reply) -> None:
        """Send the reply; a client that has gone is no error."""
        self._send(call.client, call.id, reply)

    def close(self) -> None:
        """Release the socket."""
        self._socket.close()

    def _decode(self, client: bytes, parts: list[bytes]) -> Call | None:
        number = 0
        try:
            frame = self._frame.decode(parts[-1] if parts else b"")
            number = frame.id
            if frame.version != API_VERSION:
                self._send(
                    client,
                    number,
                    Refused(f"API version {frame.version}; this agent speaks {API_VERSION}; update the older"),
                )
                return None
            return Call(self._request.decode(frame.body), client, number)
        except msgspec.MsgspecError as error:
            _logger.warning("malformed request to the agent's API: %s", error)
            self._send(client, number, Refused(f"malformed request: {error}; see docs/agent-api.md"))
            return None

    def _send(self, client: bytes, number: int, reply: Reply) -> None:
        data = self._encoder.encode(ReplyEnvelope(API_VERSION, number, reply))
        try:
            self._socket.send_multipart([client, data], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            _logger.warning("a reply of the agent's API was dropped: %s", error)

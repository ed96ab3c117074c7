"""Latest values over ZeroMQ: what is slow and structured, between processes of one robot. Never blocks."""

from __future__ import annotations

import logging
from typing import Generic, TypeVar

import msgspec
import zmq

Message = TypeVar("Message", bound=msgspec.Struct)

RECONNECT_MS = 20

_logger = logging.getLogger(__name__)


class LatestPublisher(Generic[Message]):
    """Sends the newest message to whoever listens; a slow listener loses older ones.

    Args:
        endpoint: `ipc://...`, bound by this publisher.
    """

    def __init__(self, endpoint: str) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.SNDHWM, 4)
        self._socket.bind(endpoint)
        self._encoder = msgspec.msgpack.Encoder()

    def publish(self, message: Message) -> None:
        """Hand the message over; returns at once."""
        self._socket.send(self._encoder.encode(message), zmq.NOBLOCK)

    def close(self) -> None:
        """Release the socket."""
        self._socket.close()


class LatestSubscriber(Generic[Message]):
    """Holds the newest message of one publisher, across its restarts.

    Args:
        endpoint: where the publisher is or will be.
        kind: type of the message; anything else on the wire is dropped, and the first of it logged.
    """

    def __init__(self, endpoint: str, kind: type[Message]) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.CONFLATE, 1)
        self._socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        self._socket.connect(endpoint)
        self._endpoint = endpoint
        self._kind = kind
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._latest: Message | None = None
        self._complained = False

    def read(self) -> Message | None:
        """The newest message so far, or None if there was none; returns at once."""
        try:
            data = self._socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            return self._latest
        try:
            self._latest = self._decoder.decode(data)
        except msgspec.MsgspecError as error:
            if not self._complained:
                self._complained = True
                _logger.warning("%s: dropped what is no %s: %s", self._endpoint, self._kind.__name__, error)
        return self._latest

    def close(self) -> None:
        """Release the socket."""
        self._socket.close()

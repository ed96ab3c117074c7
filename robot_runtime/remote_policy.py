"""A policy elsewhere: asked over a WebSocket as openpi has it, within a limit, with a policy of the robot behind it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp
import numpy as np

from models.errors import ModelOutputError
from models.roles import ActionPolicy, Floats, PolicyMoment
from policies import openpi_wire
from policies.openpi_wire import WireError
from rt_control.errors import InputError

# All three together, and a chunk of the robot's own policy, have to fit into what counts as hung (`learned_motion`):
# a network that is gone must not cost the policy worker.
LIMIT_S = 0.3  # of a question
CONNECT_LIMIT_S = 0.4
CLOSE_LIMIT_S = 0.1
RETRY_S = 5.0
LONGEST_REASON = 200

logger = logging.getLogger(__name__)


class PolicyUnavailable(ModelOutputError):
    """A policy elsewhere did not answer in time, or not usably."""


class RemotePolicy:
    """A policy that is asked over a WebSocket; blocks while it is asked, so it belongs into a thread.

    The connection is made with the first question, and anew after each failure.
    """

    takes_prefix = True

    def __init__(self, url: str, api_key: str, like: ActionPolicy, limit_s: float = LIMIT_S) -> None:
        """Take an address.

        Args:
            url: ws://HOST[:PORT], or wss:// for one that is not on this machine.
            api_key: that it asks for; empty for none.
            like: policy of the robot; chunks are given in its form, whatever form they come in.
            limit_s: of one question.

        Raises:
            InputError: it is no such address.
        """
        self._url = checked_url(url)
        self._headers = {"Authorization": f"Api-Key {api_key}"} if api_key else {}
        self._limit_s = limit_s
        self.knots, self.spacing_s, self.seam = like.knots, like.spacing_s, like.seam
        self._runner = asyncio.Runner()
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._spacing_s = like.spacing_s

    def act(self, moment: PolicyMoment) -> Floats:
        """See `models.roles.ActionPolicy`.

        Raises:
            PolicyUnavailable: it did not answer in time, or not usably.
        """
        try:
            return self._runner.run(self._act(moment))
        except TimeoutError:
            reason = f"no answer within {self._limit_s:g} s"
        except (aiohttp.ClientError, OSError, WireError) as error:
            reason = str(error)[:LONGEST_REASON] or type(error).__name__
        self._runner.run(self._drop())
        raise PolicyUnavailable(f"{self._url}: {reason}")

    def close(self) -> None:
        """End the connection."""
        self._runner.run(self._drop())
        self._runner.close()

    async def _act(self, moment: PolicyMoment) -> Floats:
        if self._socket is None or self._socket.closed:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                self._socket = await self._connect()
        async with asyncio.timeout(self._limit_s):
            await self._socket.send_bytes(openpi_wire.pack(openpi_wire.question(moment)))
            answer = openpi_wire.unpack(await self._receive(self._socket))
        return self._resampled(openpi_wire.actions_of(answer), moment)

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        socket = await self._session.ws_connect(
            self._url, headers=self._headers, max_msg_size=openpi_wire.LONGEST_MESSAGE, compress=0
        )
        greeting = openpi_wire.unpack(await self._receive(socket))
        spacing_s = greeting.get(openpi_wire.SPACING, self.spacing_s)
        if not isinstance(spacing_s, float) or not 0.0 < spacing_s <= 1.0:
            raise WireError(f"{openpi_wire.SPACING}: {spacing_s!r}; allowed: a number of seconds up to 1")
        self._spacing_s = spacing_s
        return socket

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> bytes:
        message = await socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            data: bytes = message.data
            return data
        if message.type is aiohttp.WSMsgType.TEXT:
            lines = str(message.data).strip().splitlines() or ["nothing"]
            raise WireError(f"the server says: {lines[-1][:LONGEST_REASON]}")
        raise WireError(f"the connection ended ({message.type.name.lower()})")

    async def _drop(self) -> None:
        session, self._socket, self._session = self._session, None, None
        if session is not None:  # its connections with it: a server that is silent would not say goodbye either
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_LIMIT_S):
                    await session.close()

    def _resampled(self, actions: Floats, moment: PolicyMoment) -> Floats:
        """The same at the knots of the robot's own policy; what they reach beyond the chunk stays at its end."""
        axes = actions.shape[1]
        if self._spacing_s == self.spacing_s and len(actions) >= self.knots:
            return actions[: self.knots]
        given = np.arange(len(actions) + 1) * self._spacing_s
        wanted = np.arange(1, self.knots + 1) * self.spacing_s
        points = np.concatenate([moment.state[None, :axes], actions])
        return np.stack([np.interp(wanted, given, points[:, axis]) for axis in range(axes)], axis=1).astype(np.float32)


class PolicyWithFallback:
    """Asks a policy elsewhere, and one of the robot whenever that one does not answer."""

    takes_prefix = True

    def __init__(self, remote: ActionPolicy, local: ActionPolicy, now_s: Callable[[], float] = time.monotonic) -> None:
        self._remote, self._local, self._now_s = remote, local, now_s
        self.knots, self.spacing_s, self.seam = local.knots, local.spacing_s, local.seam
        self._again_s = -1.0
        self.lost = ""
        """Why the one elsewhere is not asked now; empty while it is."""

    def act(self, moment: PolicyMoment) -> Floats:
        """See `models.roles.ActionPolicy`."""
        if self.lost and self._now_s() < self._again_s:
            return self._local.act(moment)
        try:
            knots = self._remote.act(moment)
        except PolicyUnavailable as error:
            if not self.lost:
                logger.warning("the policy elsewhere is lost, the robot's own one goes on: %s", error)
            self.lost = str(error)
            self._again_s = self._now_s() + RETRY_S
            return self._local.act(moment)
        if self.lost:
            logger.warning("the policy elsewhere answers again")
            self.lost = ""
        return knots


def checked_url(url: str) -> str:
    """An address that a robot may ask for motions.

    Raises:
        InputError: it is none, or anybody on the way could answer in its place.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"--policy {url}: {error}; give ws://HOST[:PORT] or wss://HOST[:PORT]") from None
    if parts.scheme not in ("ws", "wss") or not host or "@" in parts.netloc:
        raise InputError(f"--policy {url}: this is no address of a policy; give ws://HOST[:PORT] or wss://HOST[:PORT]")
    if parts.scheme == "ws" and host not in ("localhost", "127.0.0.1", "::1"):
        raise InputError(
            f"--policy {url}: anybody on the way could move the robot; give wss://{host}, or ws to this machine"
        )
    return url

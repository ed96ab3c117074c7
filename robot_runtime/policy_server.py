"""Serves a policy of this machine to robots elsewhere, over WebSockets as openpi has it."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable

from aiohttp import WSMsgType, web

from models.errors import ModelOutputError
from models.roles import ActionPolicy, Floats, PolicyMoment
from policies import openpi_wire
from policies.openpi_wire import WireError

MOST_ROBOTS = 32
SHUTDOWN_S = 1.0
IDLE_S = 60.0  # after which a robot that asks nothing is not served any more

logger = logging.getLogger(__name__)


class PolicyServer:
    """Answers one question after the other: the network is one."""

    def __init__(self, policy: ActionPolicy, api_key: str = "") -> None:
        """Take a policy.

        Args:
            policy: that answers.
            api_key: that robots have to know; empty: none.
        """
        self._policy = policy
        self._api_key = api_key
        self._thinking = asyncio.Lock()
        self._robots = 0
        self.app = web.Application()
        self.app.add_routes([web.get("/healthz", self._health), web.get("/", self._serve)])

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response(text="OK\n")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").removeprefix("Api-Key ")
        if self._api_key and not hmac.compare_digest(given.encode(), self._api_key.encode()):
            return web.Response(status=401, text="this policy wants an API key\n")
        if self._robots >= MOST_ROBOTS:
            return web.Response(status=503, text=f"{MOST_ROBOTS} robots are served already\n")
        socket = web.WebSocketResponse(max_msg_size=openpi_wire.LONGEST_MESSAGE, receive_timeout=IDLE_S, compress=False)
        await socket.prepare(request)
        self._robots += 1
        try:
            await socket.send_bytes(openpi_wire.pack(self._greeting()))
            await self._answer(socket)
        except (TimeoutError, ConnectionError):
            logger.info("a robot asks nothing any more")
        finally:
            self._robots -= 1
            await socket.close()
        return socket

    def _greeting(self) -> dict[str, object]:
        policy = self._policy
        return {
            openpi_wire.KNOTS: policy.knots,
            openpi_wire.SPACING: policy.spacing_s,
            openpi_wire.SEAM: policy.seam,
            openpi_wire.TAKES_PREFIX: policy.takes_prefix,
        }

    async def _answer(self, socket: web.WebSocketResponse) -> None:
        while (message := await socket.receive()).type is WSMsgType.BINARY:
            try:
                moment = openpi_wire.moment_of(openpi_wire.unpack(message.data))
                async with self._thinking:
                    knots = await asyncio.to_thread(_think, self._policy, moment)
            except (WireError, ModelOutputError) as error:
                await socket.send_str(str(error))
                continue
            await socket.send_bytes(openpi_wire.pack({openpi_wire.ACTIONS: knots}))


def _think(policy: ActionPolicy, moment: PolicyMoment) -> Floats:
    try:
        return policy.act(moment)
    except ModelOutputError:
        raise
    except Exception as error:  # a question of the wrong size: what a backend raises for it is not known here
        raise WireError(f"the policy cannot answer this: {error}") from None


def serve(server: PolicyServer, host: str, port: int, listening: Callable[[str], None]) -> None:
    """Serve until Ctrl-C.

    Args:
        server: what.
        host, port: to listen at.
        listening: called with the address once it is served.

    Raises:
        OSError: the address cannot be listened at.
    """

    async def run() -> None:
        runner = web.AppRunner(server.app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
            bound = runner.addresses[0]
            listening(f"ws://{bound[0]}:{bound[1]}")
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        return

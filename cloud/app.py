"""The HTTP interface: a heartbeat, and looks of level 3 at scenes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from cloud import scene_wire
from cloud.protocol import BEAT, HEARTBEAT_PATH, SCENE_PATH
from models.roles import SceneModel
from rt_control.errors import InputError

WAITING = 8  # questions that may wait for the model; the next is refused at once
BODY_LIMIT_S = 2.0  # for a question to arrive
PATIENCE_S = 2.0  # whoever asked has given up by then


class TooLong(Exception):
    """A body of more bytes than a question may have."""


class TooLate(Exception):
    """Nobody waits for the answer any more."""


def make_app(scene: SceneModel | None) -> FastAPI:
    """The services as an ASGI application.

    Args:
        scene: that looks at clips; None: looks are refused.
    """
    app = FastAPI(title="Dynamical cloud", docs_url=None, redoc_url=None)
    one_at_a_time = threading.Lock()  # a model has one set of buffers
    waiting = 0

    def look(question: bytes, asked_s: float) -> bytes:
        clip = scene_wire.decode_question(question)
        assert scene is not None
        with one_at_a_time:
            if time.monotonic() - asked_s > PATIENCE_S:
                raise TooLate("the question waited for too long")
            return scene_wire.encode_answer(scene.observe(clip))

    @app.get(HEARTBEAT_PATH)
    async def heartbeat() -> Response:
        """Say that this is a cloud, and there."""
        return Response(BEAT, media_type="text/plain")

    @app.post(SCENE_PATH)
    async def look_at_scene(request: Request) -> Response:
        """Look at a clip, see `cloud.scene_wire`."""
        nonlocal waiting
        if scene is None:
            return _refusal(501, "no model is bound to the role `scene` here")
        try:
            async with asyncio.timeout(BODY_LIMIT_S):
                question = await _body(request.stream(), scene_wire.QUESTION_BYTES)
        except TimeoutError:
            return _refusal(408, f"a question arrives within {BODY_LIMIT_S:g} s")
        except TooLong as error:
            return _refusal(413, str(error))
        if waiting >= WAITING:
            return _refusal(503, "too many questions wait")
        waiting += 1
        try:
            answer = await run_in_threadpool(look, question, time.monotonic())
        except InputError as error:
            return _refusal(400, str(error))
        except TooLate as error:
            return _refusal(503, str(error))
        finally:
            waiting -= 1
        return Response(answer, media_type="application/msgpack")

    return app


async def _body(stream: AsyncIterator[bytes], longest: int) -> bytes:
    body = bytearray()
    async for piece in stream:
        body += piece
        if len(body) > longest:
            raise TooLong(f"a question has at most {longest} bytes")
    return bytes(body)


def _refusal(status: int, reason: str) -> Response:
    return Response(reason, status, media_type="text/plain")

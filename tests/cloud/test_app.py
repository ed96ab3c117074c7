from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from cloud import scene_wire
from cloud.app import WAITING, make_app
from cloud.protocol import BEAT, HEARTBEAT_PATH, SCENE_PATH
from models import backends
from models.registry import Registry
from models.roles import SceneInsight
from perception.cascade_models import load_scene_model
from robot_runtime.cloud_service import CloudAddress, CloudService, ServiceUnavailable
from tests.cloud.serving import served, wait_until

CLIP = np.random.default_rng(2).integers(0, 255, scene_wire.SHAPE, dtype=np.uint8)


class Slow:
    """A model that waits until it may answer."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.at_work = self.most = 0

    def observe(self, clip: np.ndarray) -> SceneInsight:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        self.may.wait(10.0)
        self.at_work -= 1
        return SceneInsight(np.zeros(3, dtype=np.float32), 0.5, {})


def ask(url: str, body: bytes, limit_s: float = 10.0) -> bytes:
    service = CloudService(CloudAddress(url), limit_s)
    try:
        return service.call("POST", SCENE_PATH, body, longest=scene_wire.ANSWER_BYTES)
    finally:
        service.close()


def test_a_look_elsewhere_shows_exactly_what_the_same_model_shows_here(tmp_path: Path) -> None:
    scene = load_scene_model(Registry(tmp_path), backends.get(backends.DEFAULT))
    assert scene is not None
    with served(make_app(scene)) as url:
        there = scene_wire.decode_answer(ask(url, scene_wire.encode_question(CLIP)))
    here = scene.observe(CLIP)
    assert np.array_equal(there.embedding, here.embedding)
    assert (there.surprise, there.facts) == (here.surprise, here.facts)


def test_the_heartbeat_is_one_line_that_is_known() -> None:
    with served(make_app(None)) as url:
        service = CloudService(CloudAddress(url), 10.0)
        assert service.call("GET", HEARTBEAT_PATH) == BEAT
        service.close()


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", "HTTP 400 question:"),
        (b"\x00" * 100, "HTTP 400 question:"),
        (scene_wire.encode_question(CLIP)[:-1], "HTTP 400 question:"),
        (b"\x00" * (scene_wire.QUESTION_BYTES + 1), "HTTP 413 a question has at most"),
    ],
)
def test_what_is_no_question_is_refused_and_the_next_one_is_answered(body: bytes, refusal: str) -> None:
    model = Slow()
    model.may.set()
    with served(make_app(model)) as url:
        with pytest.raises(ServiceUnavailable, match=refusal):
            ask(url, body)
        assert ask(url, scene_wire.encode_question(CLIP))


def test_without_a_model_looks_are_refused() -> None:
    with served(make_app(None)) as url, pytest.raises(ServiceUnavailable, match="HTTP 501 no model is bound"):
        ask(url, scene_wire.encode_question(CLIP))


def test_the_model_looks_at_one_clip_at_a_time_and_no_queue_grows() -> None:
    model = Slow()
    question = scene_wire.encode_question(CLIP)
    with served(make_app(model)) as url, ThreadPoolExecutor(WAITING + 4) as pool:
        asked = [pool.submit(ask, url, question) for _ in range(WAITING + 4)]
        wait_until(lambda: sum(item.done() for item in asked) == 4)
        refused = [str(item.exception()) for item in asked if item.done()]
        assert all("HTTP 503 too many questions wait" in item for item in refused)
        model.may.set()
        assert sum(item.exception() is None for item in asked) == WAITING
    assert model.most == 1


def test_clients_that_never_end_their_questions_keep_nobody_from_asking() -> None:
    model = Slow()
    model.may.set()
    begun = f"POST {SCENE_PATH} HTTP/1.1\r\nHost: cloud\r\nContent-Length: 1000\r\n\r\nbegun".encode()
    with served(make_app(model)) as url, ExitStack() as stack:
        port = int(url.rpartition(":")[2])
        for _ in range(2 * WAITING):
            stack.enter_context(socket.create_connection(("127.0.0.1", port))).sendall(begun)
        assert ask(url, scene_wire.encode_question(CLIP))


def test_what_nobody_waits_for_any_more_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloud.app.PATIENCE_S", -1.0)
    model = Slow()
    with served(make_app(model)) as url, pytest.raises(ServiceUnavailable, match="HTTP 503 the question waited"):
        ask(url, scene_wire.encode_question(CLIP))
    assert model.most == 0

"""A policy elsewhere, over real sockets of this machine."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from aiohttp import web

from models.roles import Floats, PolicyMoment
from policies.learned_motion import HUNG_NS
from robot_runtime.policy_server import PolicyServer
from robot_runtime.remote_policy import (
    CLOSE_LIMIT_S,
    CONNECT_LIMIT_S,
    LIMIT_S,
    PolicyUnavailable,
    PolicyWithFallback,
    RemotePolicy,
    checked_url,
)
from rt_control.errors import InputError

MOMENT = PolicyMoment(np.zeros(25, np.float32), np.zeros(10, np.float32), seed=3)


class Counting:
    """Says how often it was asked; waits while it is told to."""

    takes_prefix, seam = False, "forward"

    def __init__(self, knots: int = 16, spacing_s: float = 0.06) -> None:
        self.knots, self.spacing_s = knots, spacing_s
        self.asked = 0
        self.go = threading.Event()
        self.go.set()

    def act(self, moment: PolicyMoment) -> Floats:
        self.asked += 1
        self.go.wait(10.0)
        return np.repeat(np.arange(1.0, self.knots + 1.0, dtype=np.float32)[:, None], 8, axis=1)


class Served:
    """A server in a thread of its own."""

    def __init__(self, server: PolicyServer) -> None:
        self._loop = asyncio.new_event_loop()
        self._runner = web.AppRunner(server.app, shutdown_timeout=0.1)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.url = self._do(self._start())

    async def _start(self) -> str:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"ws://127.0.0.1:{self._runner.addresses[0][1]}"

    def _do(self, work: object) -> str:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10.0)  # type: ignore[arg-type]  # a coroutine

    def end(self) -> None:
        if self._loop.is_running():
            try:
                self._do(self._runner.cleanup())
            finally:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join(10.0)
            self._loop.close()


@pytest.fixture
def policy() -> Counting:
    return Counting()


@pytest.fixture
def served(policy: Counting) -> Iterator[Served]:
    served = Served(PolicyServer(policy, "secret"))
    yield served
    policy.go.set()
    served.end()


@pytest.fixture
def remote(served: Served) -> Iterator[RemotePolicy]:
    remote = RemotePolicy(served.url, "secret", Counting())
    yield remote
    remote.close()


def test_a_question_is_answered_by_the_policy_elsewhere(remote: RemotePolicy, policy: Counting) -> None:
    assert (remote.act(MOMENT)[:, 0] == np.arange(1.0, 17.0)).all()
    remote.act(MOMENT)
    assert policy.asked == 2


def test_without_the_key_nothing_is_answered(served: Served, policy: Counting) -> None:
    stranger = RemotePolicy(served.url, "guess", Counting())
    with pytest.raises(PolicyUnavailable, match="401"):
        stranger.act(MOMENT)
    stranger.close()
    assert policy.asked == 0


def test_a_policy_that_thinks_too_long_is_left_and_can_be_asked_again(served: Served, policy: Counting) -> None:
    remote = RemotePolicy(served.url, "secret", Counting(), limit_s=0.2)
    policy.go.clear()
    with pytest.raises(PolicyUnavailable, match=r"no answer within 0\.2 s"):
        remote.act(MOMENT)
    policy.go.set()
    patient = RemotePolicy(served.url, "secret", Counting(), limit_s=5.0)
    assert patient.act(MOMENT).shape == (16, 8)
    patient.close()
    remote.close()


def test_a_server_that_says_nothing_is_left_before_the_policy_counts_as_hung() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never answers
        remote = RemotePolicy(f"ws://127.0.0.1:{silent.getsockname()[1]}", "", Counting())
        with pytest.raises(PolicyUnavailable, match="no answer"):
            remote.act(MOMENT)
        remote.close()
    assert CONNECT_LIMIT_S + LIMIT_S + CLOSE_LIMIT_S < 0.9 * HUNG_NS / 1e9


def test_a_question_that_cannot_be_answered_says_why(served: Served, remote: RemotePolicy, policy: Counting) -> None:
    def fail(moment: PolicyMoment) -> Floats:
        raise ValueError("state has 3 numbers")

    policy.act = fail  # type: ignore[method-assign]  # a policy that fails
    with pytest.raises(PolicyUnavailable, match="cannot answer this: state has 3 numbers"):
        remote.act(MOMENT)


def test_a_chunk_of_another_form_is_told_at_the_robot_s_own_knots() -> None:
    served = Served(PolicyServer(Counting(knots=8, spacing_s=0.12)))
    remote = RemotePolicy(served.url, "", Counting())
    chunk = remote.act(MOMENT)
    assert chunk[:6, 0] == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.5, 3.0])
    assert chunk[-1, 0] == pytest.approx(8.0)
    remote.close()
    served.end()


def test_when_nobody_answers_the_robot_s_own_policy_goes_on_and_the_other_is_tried_later(served: Served) -> None:
    local, now = Counting(), [0.0]
    remote = RemotePolicy(served.url, "secret", local)
    both = PolicyWithFallback(remote, local, lambda: now[0])
    both.act(MOMENT)
    assert (local.asked, both.lost) == (0, "")
    served.end()
    both.act(MOMENT)
    assert local.asked == 1
    assert served.url in both.lost
    both.act(MOMENT)  # not asked at once again
    assert local.asked == 2
    again = Counting()
    both = PolicyWithFallback(again, local, lambda: now[0])
    both.lost, now[0] = "gone", 100.0
    both.act(MOMENT)
    assert (again.asked, both.lost) == (1, "")
    remote.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://localhost:1", "no address of a policy"),
        ("ws://robot.example:8000", "anybody on the way could move the robot"),
        ("ws://user:word@localhost", "no address of a policy"),
        ("ws://localhost:nine", "give ws://HOST"),
    ],
)
def test_addresses_that_no_robot_may_ask_are_refused(url: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        checked_url(url)


def test_secure_ones_anywhere_and_plain_ones_on_this_machine_are_taken() -> None:
    for url in ("wss://policies.example/pi0", "ws://localhost:8000", "ws://127.0.0.1:8000"):
        assert checked_url(url) == url

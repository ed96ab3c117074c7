from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import zmq

from robot_runtime import agent_api as api
from robot_runtime.agent_status import AgentStatus, RunOutcome
from robot_runtime.client import AgentClient, RequestRefused
from rt_control.errors import WorkerLost

STATUS = AgentStatus("fake", mission="SortTable", outcome=RunOutcome("FAILURE", "Pick red_cube: slipped"))


def answer(request: api.Request) -> api.Reply:
    match request:
        case api.Hello():
            return api.Welcome("fake", api.API_VERSION)
        case api.GetStatus():
            return api.StatusReply(STATUS)
        case api.CancelMission():
            return api.Refused("no mission runs; nothing to cancel")
    return api.Done()


class Served:
    """A server that answers from a thread, as the agent's ticks do."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.requests: list[api.Request] = []
        self.answer: Callable[[api.Request], api.Reply] = answer
        self._server = api.AgentApiServer(endpoint)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ended.wait(0.002):
            for call in self._server.receive():
                self.requests.append(call.request)
                self._server.answer(call, self.answer(call.request))

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._server.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(f"ipc://{tmp_path}/agent.api.sock")
    yield server
    server.close()


def test_every_request_arrives_as_it_was_sent_and_is_answered(served: Served) -> None:
    with AgentClient(served.endpoint, timeout_s=30.0, name="test") as client:
        assert client.hello() == api.Welcome("fake", api.API_VERSION)
        assert client.status() == STATUS
        client.pause("lunch")
        client.resume()
        client.start_mission("m.xml", "<root/>")
        client.take_over("Ada")
        client.release()
        with pytest.raises(RequestRefused, match="no mission runs; nothing to cancel"):
            client.cancel_mission()
    assert served.requests == [
        api.Hello("test"),
        api.GetStatus(),
        api.Pause("lunch"),
        api.Resume(),
        api.StartMission("m.xml", "<root/>"),
        api.TakeOver("Ada"),
        api.Release(),
        api.CancelMission(),
    ]


def test_several_clients_get_their_own_answers(served: Served) -> None:
    with AgentClient(served.endpoint, 30.0, "one") as one, AgentClient(served.endpoint, 30.0, "two") as two:
        assert one.hello().robot == two.hello().robot == "fake"
        assert two.status() == one.status() == STATUS


def test_a_client_whose_agent_is_not_there_gives_up_in_time(tmp_path: Path) -> None:
    with (
        AgentClient(f"ipc://{tmp_path}/nobody.sock", timeout_s=0.05) as client,
        pytest.raises(WorkerLost, match="the agent did not answer within 0.05 s"),
    ):
        client.status()


def raw(endpoint: str, data: bytes) -> api.ReplyEnvelope:
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    try:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, 30_000)
        socket.connect(endpoint)
        socket.send(data)
        return msgspec.msgpack.decode(socket.recv(), type=api.ReplyEnvelope)
    finally:
        socket.close()


def test_another_version_is_refused_by_name_whatever_it_asks(served: Served) -> None:
    data = msgspec.msgpack.encode({"version": 99, "id": 5, "body": {"type": "fly"}})
    assert raw(served.endpoint, data) == api.ReplyEnvelope(
        api.API_VERSION, 5, api.Refused("API version 99; this agent speaks 1; update the older")
    )
    assert served.requests == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"hello",
        msgspec.msgpack.encode({"version": 1}),
        msgspec.msgpack.encode({"version": 1, "id": 5, "body": {"type": "fly"}}),
        msgspec.msgpack.encode({"version": 1, "id": 5, "body": {"type": "pause", "reason": 3}}),
    ],
)
def test_what_is_malformed_is_refused_and_the_server_lives(served: Served, data: bytes) -> None:
    reply = raw(served.endpoint, data)
    assert isinstance(reply.body, api.Refused)
    assert reply.body.reason.startswith("malformed request: ")
    assert served.requests == []
    with AgentClient(served.endpoint, timeout_s=30.0) as client:
        assert client.status() == STATUS


def test_an_answer_that_came_too_late_is_not_taken_for_the_next_one(served: Served) -> None:
    slow = threading.Event()

    def answer_late(request: api.Request) -> api.Reply:
        if isinstance(request, api.Hello):
            slow.wait(30.0)
        return answer(request)

    served.answer = answer_late
    with AgentClient(served.endpoint, timeout_s=0.05) as client:
        with pytest.raises(WorkerLost):
            client.hello()
        client._timeout_s = 30.0
        slow.set()
        assert client.status() == STATUS


def test_the_server_works_in_process_too_and_takes_a_bounded_number_of_calls_at_once() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    server = api.AgentApiServer("inproc://agent.api", context)
    client = context.socket(zmq.DEALER)
    client.connect("inproc://agent.api")
    for number in range(20):
        client.send(msgspec.msgpack.encode(api.RequestEnvelope(api.API_VERSION, number, api.GetStatus())))
    calls = server.receive()
    assert [call.id for call in calls] == list(range(api.CALLS_PER_TICK))
    assert len(server.receive()) == 20 - api.CALLS_PER_TICK
    for socket in (client, server):
        socket.close()
    context.term()

"""Calls to a cloud that does everything that a cloud may do wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from robot_runtime.cloud_service import CloudAddress, CloudService, ServiceUnavailable
from rt_control.errors import InputError
from tests.cloud.serving import speaking

Behaviour = Callable[[socket.socket, threading.Event], None]


def says(answer: bytes) -> Behaviour:
    def behave(connection: socket.socket, ended: threading.Event) -> None:
        connection.recv(1 << 16)
        connection.sendall(answer)

    return behave


def says_nothing(connection: socket.socket, ended: threading.Event) -> None:
    ended.wait()


def drips(begin: bytes) -> Behaviour:
    """Never silent for long, and never done."""

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        connection.recv(1 << 16)
        connection.sendall(begin)
        while not ended.wait(0.05):
            connection.sendall(b"x")

    return behave


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"


@pytest.mark.parametrize(
    ("behave", "why"),
    [
        (says_nothing, "no answer within 0.4 s"),
        (drips(HEAD), "no answer within 0.4 s"),
        (drips(HEAD + b"\r\n"), "no answer within 0.4 s"),
        (says(b""), "[Ss]erver disconnected"),
        (says(HEAD + b"\r\nshort"), "payload is not completed|not enough data|disconnected"),
        (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "Bad status line|Expected HTTP"),
        (says(b"HTTP/1.1 500 Oops\r\nContent-Length: 6\r\n\r\nbroken"), "HTTP 500 broken"),
        (says(b"HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"), "HTTP 302"),
        (says(HEAD + b"\r\n" + b"x" * 100_000), "longer than 65536 bytes"),
    ],
)
def test_a_call_is_over_within_its_limit_whatever_the_other_side_does(behave: Behaviour, why: str) -> None:
    with speaking(behave) as url:
        service = CloudService(CloudAddress(url), 0.4)
        with pytest.raises(ServiceUnavailable, match=why) as failure:
            service.call("POST", "/v1/scene", b"question")
        assert str(failure.value).startswith(url)
        service.close()


def test_where_nobody_listens_the_call_fails_and_a_later_one_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    service = CloudService(CloudAddress(f"http://127.0.0.1:{port}"), 5.0)
    with pytest.raises(ServiceUnavailable, match="[Cc]onnect"):
        service.call("GET", "/v1/heartbeat")
    service.close()


def test_after_an_answer_that_was_none_the_next_one_is_heard() -> None:
    answers = iter([b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"])

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        connection.recv(1 << 16)
        connection.sendall(next(answers))

    with speaking(behave) as url:
        service = CloudService(CloudAddress(url), 5.0)
        with pytest.raises(ServiceUnavailable):
            service.call("GET", "/")
        assert service.call("GET", "/") == b"ok"
        service.close()


@pytest.mark.parametrize(
    "url", ["https://cloud.example", "https://cloud.example:8443/robots/", "http://127.0.0.1:8760", "http://[::1]:1"]
)
def test_addresses_that_are_fine(url: str) -> None:
    assert CloudAddress(url).of("/v1/scene").endswith("/v1/scene")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "this is no address of a cloud"),
        ("cloud.example", "this is no address of a cloud"),
        ("ftp://cloud.example", "this is no address of a cloud"),
        ("https://", "this is no address of a cloud"),
        ("https://someone:secret@cloud.example", "^--cloud: an address of cloud.example with a name or password in it"),
        ("https://:secret@cloud.example", "^--cloud: an address of cloud.example with a name or password in it"),
        ("https://cloud.example:port", "give https"),
        ("http://[::1", "give https"),
        ("http://cloud.example", "everybody can read them; give https://cloud.example"),
        ("http://127.0.0.1.example", "everybody can read them"),
    ],
)
def test_addresses_that_are_not(url: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as refusal:
        CloudAddress(url)
    assert "secret" not in str(refusal.value)

from __future__ import annotations

import socket
import threading

from cloud.app import make_app
from robot_runtime.cloud_heartbeat import CloudHeartbeat
from robot_runtime.cloud_service import CloudAddress
from rt_control.clock import VirtualClock
from tests.cloud.serving import served, speaking, wait_until


def test_a_cloud_is_heard_as_of_when_it_was_asked_and_no_longer_when_it_is_gone() -> None:
    clock = VirtualClock(1000)
    with served(make_app(None)) as url:
        heartbeat = CloudHeartbeat(CloudAddress(url), clock, period_s=0.01)
        wait_until(lambda: heartbeat.heard_ns == 1000)
        clock.advance_ns(5)
        wait_until(lambda: heartbeat.heard_ns == 1005)
    clock.advance_ns(1_000_000_000)
    heartbeat.close()
    assert heartbeat.heard_ns == 1005


def test_a_page_that_asks_for_a_password_is_no_cloud() -> None:
    asked = threading.Event()

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<html>Log in!")
        asked.set()

    with speaking(behave) as url:
        heartbeat = CloudHeartbeat(CloudAddress(url), VirtualClock(1000), period_s=0.01)
        assert asked.wait(10.0)
        asked.clear()
        assert asked.wait(10.0)  # it is asked again, so the first answer was taken in
        heartbeat.close()
    assert heartbeat.heard_ns is None

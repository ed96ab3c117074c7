from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from robot_runtime.transport import LatestPublisher, LatestSubscriber


class Note(msgspec.Struct, frozen=True):
    number: int


class Other(msgspec.Struct, frozen=True):
    word: str


@pytest.fixture
def endpoint(tmp_path: Path) -> str:
    return f"ipc://{tmp_path}/notes.sock"


@pytest.fixture
def subscriber(endpoint: str) -> Iterator[LatestSubscriber[Note]]:
    made: LatestSubscriber[Note] = LatestSubscriber(endpoint, Note)
    yield made
    made.close()


def send_until(publish: Callable[[], None], done: Callable[[], bool]) -> None:
    """A subscriber hears only what is sent after it has joined: send until the effect is seen."""
    while not done():
        publish()


def test_before_the_first_message_there_is_none(subscriber: LatestSubscriber[Note]) -> None:
    assert subscriber.read() is None


def test_the_newest_message_is_held_also_across_a_restart_of_the_publisher(
    endpoint: str, subscriber: LatestSubscriber[Note]
) -> None:
    for number in (1, 2):
        publisher: LatestPublisher[Note] = LatestPublisher(endpoint)
        note = Note(number)
        send_until(lambda to=publisher, what=note: to.publish(what), lambda what=note: subscriber.read() == what)  # type: ignore[misc]
        publisher.close()
        assert subscriber.read() == note


def test_of_many_messages_none_is_older_than_the_one_before(endpoint: str, subscriber: LatestSubscriber[Note]) -> None:
    publisher: LatestPublisher[Note] = LatestPublisher(endpoint)
    seen: list[int] = []
    sent = 0
    while len(seen) < 20:
        sent += 1
        publisher.publish(Note(sent))
        note = subscriber.read()
        if note is not None and (not seen or note.number != seen[-1]):
            seen.append(note.number)
    publisher.close()
    assert seen == sorted(seen)


def test_what_is_no_such_message_is_dropped_and_logged_once(
    endpoint: str, subscriber: LatestSubscriber[Note], caplog: pytest.LogCaptureFixture
) -> None:
    publisher: LatestPublisher[Note | Other] = LatestPublisher(endpoint)
    send_until(lambda: publisher.publish(Note(1)), lambda: subscriber.read() == Note(1))
    with caplog.at_level(logging.WARNING):
        send_until(lambda: publisher.publish(Other("?")), lambda: bool(caplog.records) or subscriber.read() is None)
        for _ in range(100):
            publisher.publish(Other("?"))
            assert subscriber.read() == Note(1)
        send_until(lambda: publisher.publish(Note(2)), lambda: subscriber.read() == Note(2))
    publisher.close()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"{endpoint}: dropped what is no Note: ")

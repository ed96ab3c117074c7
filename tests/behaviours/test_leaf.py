from __future__ import annotations

from collections.abc import Callable

import pytest
from py_trees.common import Status

from behaviours.leaf import Leaf


class Probe(Leaf):
    """A leaf that records its callbacks and does what it is told."""

    def __init__(self, step: Callable[[], Status], begin: Callable[[], None] = lambda: None) -> None:
        super().__init__("Probe")
        self.calls: list[str] = []
        self._step, self._begin = step, begin

    def begin(self) -> None:
        self.calls.append("begin")
        self._begin()

    def step(self) -> Status:
        self.calls.append("step")
        return self._step()

    def interrupt(self) -> None:
        self.calls.append("interrupt")


def fails() -> Status:
    raise ValueError("no such thing")


def test_what_a_step_raises_becomes_failure_with_the_reason_shown_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    leaf = Probe(fails)
    leaf.tick_once()
    assert leaf.status is Status.FAILURE
    assert leaf.feedback_message == "internal error: ValueError: no such thing"
    assert "no such thing" in caplog.text


def test_what_begin_raises_becomes_failure_and_step_is_not_reached() -> None:
    def begin() -> None:
        raise ValueError("no such thing")

    leaf = Probe(lambda: Status.SUCCESS, begin)
    leaf.tick_once()
    assert leaf.status is Status.FAILURE
    assert leaf.calls == ["begin"]


def test_a_leaf_that_failed_by_an_error_works_again_in_its_next_round() -> None:
    answers: list[Callable[[], Status]] = [lambda: Status.SUCCESS, fails]
    leaf = Probe(lambda: answers.pop()())
    leaf.tick_once()
    leaf.tick_once()
    assert leaf.status is Status.SUCCESS


def test_interrupt_is_called_once_and_only_when_a_running_round_is_ended_from_above() -> None:
    leaf = Probe(lambda: Status.RUNNING)
    leaf.stop(Status.INVALID)
    leaf.tick_once()
    leaf.tick_once()
    leaf.stop(Status.INVALID)
    leaf.stop(Status.INVALID)
    assert leaf.calls == ["begin", "step", "step", "interrupt"]


def test_a_round_that_ends_by_itself_is_not_interrupted() -> None:
    leaf = Probe(lambda: Status.SUCCESS)
    leaf.tick_once()
    leaf.stop(Status.INVALID)
    assert "interrupt" not in leaf.calls

"""The base of every leaf: it never blocks, and what it raises becomes its FAILURE with a visible reason."""

from __future__ import annotations

import abc
import logging
from typing import ClassVar, final

import py_trees
from py_trees.common import Status

_logger = logging.getLogger(__name__)


class Leaf(py_trees.behaviour.Behaviour):
    """A leaf.

    Subclasses write `begin`, `step` and `end` instead of py_trees' callbacks. None of them may block: they read the
    latest value and return.

    Attributes:
        kind: how observers call it: `action` moves or changes something, `condition` only asks.
        asks_only: it changes nothing, so that it may be asked again after a suspension.
    """

    kind: ClassVar[str] = "action"
    asks_only: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._failure = ""

    def begin(self) -> None:  # optional
        """Called in the first tick of each round, before `step`."""

    @abc.abstractmethod
    def step(self) -> Status:
        """Called in each tick; returns RUNNING, SUCCESS or FAILURE and says why in `feedback_message`."""

    def interrupt(self) -> None:  # optional
        """Called when a running round is ended from above."""

    @final
    def initialise(self) -> None:
        self._failure = ""
        try:
            self.begin()
        except Exception as error:
            self._note(error)

    @final
    def update(self) -> Status:
        if not self._failure:
            try:
                return self.step()
            except Exception as error:
                self._note(error)
        self.feedback_message = self._failure
        return Status.FAILURE

    @final
    def terminate(self, new_status: Status) -> None:
        if new_status is not Status.INVALID or self.status is not Status.RUNNING:
            return
        try:
            self.interrupt()
        except Exception as error:
            self._note(error)

    def _note(self, error: Exception) -> None:
        self._failure = f"internal error: {type(error).__name__}: {error}"
        _logger.error("leaf %s: %s", self.name, self._failure, exc_info=error)

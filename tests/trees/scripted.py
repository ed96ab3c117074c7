"""Leaves that do what a script says, for tests of control nodes."""

from __future__ import annotations

from collections import deque

from py_trees.common import Status

from behaviours.leaf import Leaf

WORDS = {"R": Status.RUNNING, "S": Status.SUCCESS, "F": Status.FAILURE}


class Scripted(Leaf):
    """Returns one status after the other, `RRS` = RUNNING, RUNNING, SUCCESS; the last one stays."""

    def __init__(self, name: str, script: str, diary: list[str]) -> None:
        super().__init__(name)
        self._script = deque(script)
        self._diary = diary

    def begin(self) -> None:
        self._diary.append(f"{self.name} begins")

    def step(self) -> Status:
        word = self._script.popleft() if len(self._script) > 1 else self._script[0]
        self.feedback_message = f"says {word}"
        return WORDS[word]

    def interrupt(self) -> None:
        self._diary.append(f"{self.name} is interrupted")


class Question(Scripted):
    """The same, and it only asks."""

    kind = "condition"
    asks_only = True

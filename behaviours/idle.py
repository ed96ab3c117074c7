"""What the robot does when it has nothing to do."""

from __future__ import annotations

from py_trees.common import Status

from behaviours.leaf import Leaf


class Idle(Leaf):
    """RUNNING; holds still and waits for a mission."""

    def __init__(self) -> None:
        super().__init__("Idle")

    def step(self) -> Status:
        self.feedback_message = "waits for a mission"
        return Status.RUNNING

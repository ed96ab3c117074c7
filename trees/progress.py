"""Where a mission stands, kept outside node status, so that an interruption of the tree does not lose it.

py_trees sets what it interrupts to INVALID and starts it over; a mission must instead go on. The law:

1. A suspension keeps the place of every control node: finished steps stay finished.
2. A Sequence or Fallback then goes back over the questions (nodes that only ask) directly before the interrupted
   child, so that a skill starts again from its preconditions.
3. An attempt that was suspended and fails afterwards is not counted by its innermost RetryUntilSuccessful: the attempt
   is made again from its beginning.
"""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.common import Status


class Progress:
    """The places of all control nodes of one run of a mission, by the nodes' paths (`0.2.1`)."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._suspended: set[str] = set()
        self.revision = 0
        """Rises with every change of status below the mission, except of its running leaf's own words."""
        self.last_failure = ""
        """The leaf that failed last, and why."""

    def place(self, path: str) -> int | None:
        """The place of a node: index of its current child, or failed attempts; None if it has not begun."""
        return self._places.get(path)

    def move(self, path: str, place: int) -> None:
        """Set the place of a node."""
        self._places[path] = place
        self.revision += 1

    def forget(self, path: str) -> None:
        """Drop what is known of a node and of all below it."""
        self.revision += 1
        below = path + "."
        for known in [known for known in self._places if known == path or known.startswith(below)]:
            del self._places[known]
        self._suspended = {known for known in self._suspended if known != path and not known.startswith(below)}

    def note(self, node: Behaviour) -> None:
        """Remember a leaf if it failed, for the outcome of the mission."""
        if node.status is Status.FAILURE and not node.children:
            self.last_failure = f"{node.name}: {node.feedback_message}" if node.feedback_message else node.name

    def mark_suspended(self, path: str) -> None:
        """Note that the present attempt of a retry was suspended."""
        self._suspended.add(path)

    def take_suspended(self, path: str) -> bool:
        """Whether the present attempt of a retry had been suspended; asking clears it."""
        if path not in self._suspended:
            return False
        self._suspended.remove(path)
        return True

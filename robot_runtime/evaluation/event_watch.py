"""How long it takes until what has happened is in the scene."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sim.evaluation_sequences import Event

LIMIT_S = 2.0  # later it is missed
LEAST_SEEN_S = 1.0  # what was in view for less, and is not in the scene, says nothing


@dataclass(frozen=True, slots=True)
class Noticed:
    """What became of one event.

    Attributes:
        kind: of the event.
        latency_s: from the first image that shows it; None: it was missed.
    """

    kind: str
    latency_s: float | None


class EventWatch:
    """Waits for the events of one episode. A person must be noticed while there, a thing within the limit."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._waiting = list(events)
        self._noticed: list[Noticed] = []

    def see(self, stamp_ns: int, is_known: Callable[[Event], bool]) -> None:
        """Take the scene of one image.

        Args:
            stamp_ns: of the image.
            is_known: whether this scene holds what an event says.
        """
        for event in [item for item in self._waiting if item.stamp_ns <= stamp_ns <= _end_ns(item)]:
            if is_known(event):
                self._waiting.remove(event)
                self._noticed.append(Noticed(event.kind, (stamp_ns - event.stamp_ns) * 1e-9))

    def result(self) -> list[Noticed]:
        """After the last image: all events but those that were in view for too short a time to be judged."""
        missed = [
            Noticed(item.kind, None)
            for item in self._waiting
            if item.kind == "person" or (item.until_ns - item.stamp_ns) * 1e-9 >= LEAST_SEEN_S
        ]
        return [*self._noticed, *missed]


def _end_ns(event: Event) -> int:
    return event.until_ns if event.kind == "person" else event.stamp_ns + math.floor(LIMIT_S * 1e9)

"""Tells of a long job: a line about every ten seconds, and how many minutes are left."""

from __future__ import annotations

import time
from collections.abc import Callable

EVERY_S = 10.0


class ProgressLines:
    """Of one part of a job; what was there when it began took no time."""

    def __init__(self, what: str, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        """Begin.

        Args:
            what: is counted, e.g. `step`.
            say: prints a line.
            clock: s.
        """
        self._what, self._say, self._clock = what, say, clock
        self._first: tuple[float, int] | None = None
        self._told = clock()

    def at(self, done: int, wanted: int, more: str = "", always: bool = False) -> None:
        """Take that `done` of `wanted` are there.

        Args:
            done, wanted: counts.
            more: said in the same line.
            always: tell it even if a line was told just now.
        """
        now = self._clock()
        if self._first is None:
            self._first = now, done
        if not always and now - self._told < EVERY_S:
            return
        self._told = now
        begun, had = self._first
        left = "" if done <= had else f", {(now - begun) / (done - had) * (wanted - done) / 60.0:.1f} min left"
        self._say(f"{self._what} {done} of {wanted} ({done / wanted:.0%}){left}{more and ': ' + more}")

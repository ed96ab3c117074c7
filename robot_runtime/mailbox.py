"""Latest values inside one process, that become visible only after the latency they would have had."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Value = TypeVar("Value")


class DelayedLatest(Generic[Value]):
    """The newest value whose time has come.

    Values become visible in the order in which they were put, each not before its time.
    """

    def __init__(self) -> None:
        self._pending: deque[tuple[int, Value]] = deque()
        self._latest: Value | None = None

    def put(self, value: Value, visible_ns: int) -> None:
        """Hand over a value that readers see from `visible_ns` on."""
        self._pending.append((visible_ns, value))

    def read(self, now_ns: int) -> Value | None:
        """The newest value visible at `now_ns`, or None if there was none yet."""
        pending = self._pending
        while pending and pending[0][0] <= now_ns:
            self._latest = pending.popleft()[1]
        return self._latest

"""Time, injected: the same code runs on the machine's clock and on virtual time."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock."""

    def now_ns(self) -> int:
        """Nanoseconds since an arbitrary origin; never goes back."""
        ...


class MonotonicClock:
    """CLOCK_MONOTONIC, the clock that `rt_control` and the drives stamp with."""

    def now_ns(self) -> int:
        return time.monotonic_ns()


class VirtualClock:
    """Time that moves only when it is told to."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        return self._now_ns

    def advance_ns(self, duration_ns: int) -> None:
        """Move time forward.

        Raises:
            ValueError: the duration is negative.
        """
        if duration_ns < 0:
            raise ValueError(f"time cannot go back by {-duration_ns} ns; give a duration of at least 0")
        self._now_ns += duration_ns

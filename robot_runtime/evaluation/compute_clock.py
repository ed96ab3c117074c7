"""Computing time of one thread, however busy the machine is."""

from __future__ import annotations

import time


class ComputeClock:
    """A `CostMeter` in CPU time of the thread that asks."""

    def now_s(self) -> float:
        """Computing time so far."""
        return time.thread_time()

    def begin(self) -> float:
        return self.now_s()

    def took_ms(self, role: str, count: int, begun: float) -> float:
        return (self.now_s() - begun) * 1e3

"""Two limits of how often perception may look: a rate for each thing looked at, and a share of the device for all."""

from __future__ import annotations

from collections.abc import Hashable

DEPTH_S = 0.25  # how long a level may save up: a burst of new objects is looked at without a wait, a busy scene is not
SLACK = 1.0 / 6.0  # of a period: half a frame of 30 Hz at 10 Hz, or jitter would make every fourth frame of every third


class RateLimit:
    """Lets each key pass at most so often; early by a little where it was not early before."""

    def __init__(self, rate_hz: float) -> None:
        self._period_ns = round(1e9 / rate_hz)
        self._slack_ns = round(SLACK * self._period_ns)
        self._due_ns: dict[Hashable, int] = {}

    def allows(self, key: Hashable, stamp_ns: int) -> bool:
        """Whether a look at the image of this stamp is not too soon."""
        return stamp_ns + self._slack_ns >= self._due_ns.get(key, stamp_ns)

    def take(self, key: Hashable, stamp_ns: int) -> None:
        """A look at the image of this stamp is taken."""
        self._due_ns = {known: due for known, due in self._due_ns.items() if due > stamp_ns or known == key}
        self._due_ns[key] = max(self._due_ns.get(key, stamp_ns), stamp_ns) + self._period_ns


class ComputeShare:
    """A token bucket of milliseconds: looks of a level together take at most their share of each second."""

    def __init__(self, ms_per_s: float, now_ns: int = 0) -> None:
        self._ms_per_s = ms_per_s
        self.depth_ms = ms_per_s * DEPTH_S
        self._saved_ms = self.depth_ms
        self._filled_ns = now_ns

    def allows(self, cost_ms: float, now_ns: int) -> bool:
        """Whether there is enough for a look; for one that is longer than the bucket is deep, whether it is full."""
        gained_ms = self._ms_per_s * max(now_ns - self._filled_ns, 0) / 1e9
        self._saved_ms = min(self._saved_ms + gained_ms, self.depth_ms)
        self._filled_ns = max(now_ns, self._filled_ns)
        return self._saved_ms >= min(cost_ms, self.depth_ms)

    def take(self, cost_ms: float) -> None:
        """Pay for a look; below zero what comes later pays. A negative cost gives back what a look did not take."""
        self._saved_ms -= cost_ms

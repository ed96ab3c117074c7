"""How fast the agent and the workers work."""

from __future__ import annotations

from collections.abc import Mapping

from robot_runtime.agent_ports import Beat
from robot_runtime.agent_status import Rates
from robot_runtime.health import WORKERS

_NS_PER_S = 1_000_000_000


class RateMeter:
    """Measures the agent's own ticks and passes on the workers' rates."""

    def __init__(self, period_s: float) -> None:
        self._period_ns = int(period_s * _NS_PER_S)
        self._count = 0
        self._missed = 0
        self._tick_ns = 0
        self._busy = 0.0
        self._window = (0, 0)
        self._rate_hz = 0.0
        self._told_ns: int | None = None
        self._told = Rates()
        self.workers: Mapping[str, Beat | None] = {}

    def tick(self, now_ns: int) -> None:
        """One more tick begins."""
        if self._count and now_ns - self._tick_ns >= 2 * self._period_ns:
            self._missed += 1
        self._tick_ns = now_ns
        self._count += 1
        start_ns, start_count = self._window
        if self._count == 1:
            self._window = (now_ns, 1)
        elif now_ns - start_ns >= _NS_PER_S:
            self._rate_hz = (self._count - start_count) * _NS_PER_S / (now_ns - start_ns)
            self._window = (now_ns, self._count)

    def end(self, now_ns: int) -> None:
        """The tick ends."""
        self._busy += 0.05 * ((now_ns - self._tick_ns) / self._period_ns - self._busy)

    def beat(self, now_ns: int, pid: int) -> Beat:
        """The agent's heartbeat."""
        return Beat("agent", "healthy", pid, now_ns, self._count, self._rate_hz, min(1.0, self._busy), self._missed)

    def measured(self, now_ns: int, period_s: float) -> Rates:
        """The rates, renewed at most once a period."""
        if self._told_ns is None or now_ns - self._told_ns >= period_s * _NS_PER_S:
            self._told_ns = now_ns
            rates = {
                source: round(beat.rate_hz, 1) if beat is not None else 0.0 for source, beat in self.workers.items()
            }
            self._told = Rates(
                round(self._rate_hz, 1),
                rates.get("perception", 0.0),
                rates.get("policy", 0.0),
                rates.get("fallback", 0.0),
                sum(beat.missed for source, beat in self.workers.items() if beat is not None and source in WORKERS),
            )
        return self._told

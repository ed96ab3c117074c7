"""The loop that every tier 2 process runs: a fixed rate, a heartbeat, an orderly end."""

from __future__ import annotations

import time
from collections.abc import Callable

from rt_control._native import ProcessState
from rt_control.heartbeat import Pulse
from rt_control.scheduling import Termination

HEARTBEAT_PERIOD_NS = 20_000_000
POLL_S = 0.002
PATIENCE = 1.5  # periods
RESTRAINT = 0.75  # periods


class PeriodicLoop:
    """Calls a step at a fixed rate until SIGTERM or SIGINT; missed deadlines are counted and never replayed.

    Args:
        rate_hz: calls a second, > 0; may be changed between two steps.
        pulse: beats before each step; None where the step itself writes the heartbeat.
        arrived: whether there is something to work on. With it a step begins as soon as that is so, three quarters of a
            period after the last one at the earliest and one and a half at the latest; its deadline is then the work of
            one period, whenever it began.
    """

    def __init__(self, rate_hz: float, pulse: Pulse | None = None, arrived: Callable[[], bool] | None = None) -> None:
        self.rate_hz = rate_hz
        self.missed = 0
        self._pulse = pulse
        self._arrived = arrived
        self._beaten_ns = 0

    def run(self, step: Callable[[int], None]) -> None:
        """Call `step(now_ns)` at the rate until the end."""
        ended = Termination()
        due_ns = time.monotonic_ns()
        while not ended:
            period_ns = int(1e9 / self.rate_hz)
            now_ns = self._wait(due_ns, ended) if self._arrived is None else self._await(due_ns, ended)
            self._beat(ProcessState.healthy, now_ns)
            step(now_ns)
            done_ns = time.monotonic_ns()
            if self._pulse is not None:
                self._pulse.worked(done_ns - now_ns)
            deadline_ns = (due_ns if self._arrived is None else now_ns) + period_ns
            if done_ns > deadline_ns:
                self.missed += 1
                deadline_ns = done_ns
            due_ns = deadline_ns if self._arrived is None else now_ns + int(PATIENCE * period_ns)
        self._beat(ProcessState.stopping, time.monotonic_ns(), force=True)

    def _wait(self, due_ns: int, ended: Termination) -> int:
        while (now_ns := time.monotonic_ns()) < due_ns and not ended:
            time.sleep((due_ns - now_ns) / 1e9)
        return now_ns

    def _await(self, due_ns: int, ended: Termination) -> int:
        assert self._arrived is not None
        earliest_ns = due_ns - int((PATIENCE - RESTRAINT) / self.rate_hz * 1e9)
        while not ended:
            now_ns = time.monotonic_ns()
            if now_ns >= due_ns or (now_ns >= earliest_ns and self._arrived()):
                break
            time.sleep(POLL_S)
        return time.monotonic_ns()

    def _beat(self, state: ProcessState, now_ns: int, force: bool = False) -> None:
        if self._pulse is not None and (force or now_ns - self._beaten_ns >= HEARTBEAT_PERIOD_NS):
            self._beaten_ns = now_ns
            self._pulse.beat(now_ns, self.missed, state)

"""The loop that every tier 2 process runs: a fixed rate, a heartbeat, an orderly end."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from rt_control import _native as native

HEARTBEAT_PERIOD_NS = 20_000_000
SMOOTHING = 0.05
POLL_S = 0.002
_PR_SET_PDEATHSIG = 1


class Heart:
    """Writes the heartbeat of one process.

    Args:
        source: whose heartbeat it is.
        writer: the ring to write it to.
    """

    def __init__(self, source: native.Source, writer: native.HeartbeatWriter) -> None:
        self._writer = writer
        self._beat = native.Heartbeat()
        self._beat.source = source
        self._beat.pid = os.getpid()
        self._beaten_ns = 0

    def beat(self, state: native.ProcessState, now_ns: int, pace: Pace) -> None:
        """Write one beat, unless the last one is younger than 20 ms and says the same."""
        if now_ns - self._beaten_ns < HEARTBEAT_PERIOD_NS and state == self._beat.state:
            return
        self._beaten_ns = now_ns
        beat = self._beat
        beat.state, beat.stamp_ns, beat.count = state, now_ns, pace.count
        beat.rate_hz, beat.busy_ratio, beat.missed = pace.rate_hz, pace.busy_ratio, pace.missed
        self._writer.write(beat)


@dataclass(slots=True)
class Pace:
    """How a loop keeps its rate: steps done, measured rate, share of the period that it worked, deadlines missed."""

    count: int = 0
    rate_hz: float = 0.0
    busy_ratio: float = 0.0
    missed: int = 0


class PeriodicLoop:
    """Calls a step at a fixed rate until SIGTERM or SIGINT; missed periods are counted and never replayed.

    Args:
        rate_hz: calls a second, > 0; may be changed between two steps.
        heart: beats before each step; None where the step itself writes the heartbeat.
        arrived: whether there is something to work on. With it a step begins as soon as that is so, and after a period
            at the latest; its deadline is then the work of one period, whenever it began.
    """

    def __init__(self, rate_hz: float, heart: Heart | None = None, arrived: Callable[[], bool] | None = None) -> None:
        self.rate_hz = rate_hz
        self.pace = Pace()
        self._heart = heart
        self._arrived = arrived
        self._ended = False

    def end(self) -> None:
        """Make `run` return after the current step."""
        self._ended = True

    def run(self, step: Callable[[int], None]) -> None:
        """Call `step(now_ns)` at the rate until the end."""
        signal.signal(signal.SIGTERM, lambda number, frame: self.end())
        signal.signal(signal.SIGINT, lambda number, frame: self.end())
        pace = self.pace
        pace.rate_hz = self.rate_hz
        due_ns = previous_ns = time.monotonic_ns()
        while not self._ended:
            period_ns = int(1e9 / self.rate_hz)
            now_ns = self._wait(due_ns)
            pace.count += 1
            if pace.count > 1:
                pace.rate_hz += SMOOTHING * (1e9 / max(now_ns - previous_ns, 1) - pace.rate_hz)
            previous_ns = now_ns
            self._beat(native.ProcessState.healthy, now_ns)
            step(now_ns)
            done_ns = time.monotonic_ns()
            pace.busy_ratio += SMOOTHING * ((done_ns - now_ns) / period_ns - pace.busy_ratio)
            due_ns = (due_ns if self._arrived is None else now_ns) + period_ns
            if done_ns > due_ns:
                pace.missed += 1
                due_ns = done_ns
        self._beat(native.ProcessState.stopping, time.monotonic_ns())

    def _wait(self, due_ns: int) -> int:
        """Sleep until the next step is due, or until there is something to work on; the time then."""
        while (now_ns := time.monotonic_ns()) < due_ns and not self._ended:
            if self._arrived is None:
                time.sleep((due_ns - now_ns) / 1e9)
            elif self._arrived():
                break
            else:
                time.sleep(min(POLL_S, (due_ns - now_ns) / 1e9))
        return now_ns

    def _beat(self, state: native.ProcessState, now_ns: int) -> None:
        if self._heart is not None:
            self._heart.beat(state, now_ns, self.pace)


def end_with_parent() -> None:
    """Ask the kernel to end this process (SIGTERM) when the supervisor dies, so that nothing is orphaned."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == 1:
        raise SystemExit("the supervisor has already ended")

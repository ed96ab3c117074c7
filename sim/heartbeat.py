"""The heartbeat of a simulator process: that it lives, and how busy it is."""

from __future__ import annotations

import os
import time
from pathlib import Path

from rt_control._native import Heartbeat, HeartbeatWriter, ProcessState, Source


class Pulse:
    """Writes one heartbeat a beat, with the rate and the load since the last one."""

    def __init__(self, path: Path, source: Source) -> None:
        self._writer = HeartbeatWriter(path)
        self._source = source
        self._count = 0
        self._busy_ns = 0
        self._periods = 0
        self._since_ns = time.monotonic_ns()

    def worked(self, busy_ns: int) -> None:
        """Count one period of the loop."""
        self._busy_ns += busy_ns
        self._periods += 1

    def beat(self, now_ns: int, missed: int, state: ProcessState = ProcessState.healthy) -> None:
        """Write."""
        elapsed_ns = max(1, now_ns - self._since_ns)
        self._count += 1
        beat = Heartbeat()
        beat.source = self._source
        beat.state = state
        beat.pid = os.getpid()
        beat.stamp_ns = now_ns
        beat.count = self._count
        beat.rate_hz = self._periods * 1e9 / elapsed_ns
        beat.busy_ratio = min(1.0, self._busy_ns / elapsed_ns)
        beat.missed = missed
        self._writer.write(beat)
        self._busy_ns = self._periods = 0
        self._since_ns = now_ns

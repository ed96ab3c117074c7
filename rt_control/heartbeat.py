"""The heartbeat of a process: that it lives, how fast its loop goes, how busy it is, what it missed."""

from __future__ import annotations

import os
import time
from pathlib import Path

from rt_control._native import Heartbeat, HeartbeatWriter, ProcessState, Source

MEASURE_NS = 500_000_000


class Pulse:
    """Counts the loops of a process and writes its heartbeats.

    Args:
        path: of the heartbeat's ring.
        source: whose heartbeat it is.
    """

    def __init__(self, path: Path, source: Source) -> None:
        self._writer = HeartbeatWriter(path)
        self._beat = Heartbeat(source=source, state=ProcessState.starting, pid=os.getpid())
        self._loops = 0
        self._busy_ns = 0
        self._since_ns = time.monotonic_ns()
        self._loops_since = 0

    def worked(self, busy_ns: int) -> None:
        """Count one loop.

        Args:
            busy_ns: for how long it worked.
        """
        self._loops += 1
        self._busy_ns += busy_ns

    def beat(self, now_ns: int, missed: int, state: ProcessState = ProcessState.healthy) -> None:
        """Write one heartbeat; rate and load are measured anew every half second.

        Args:
            now_ns: this moment.
            missed: deadlines missed since the start.
            state: of the process.
        """
        beat = self._beat
        elapsed_ns = now_ns - self._since_ns
        if elapsed_ns >= MEASURE_NS:
            beat.rate_hz = (self._loops - self._loops_since) * 1e9 / elapsed_ns
            beat.busy_ratio = min(1.0, self._busy_ns / elapsed_ns)
            self._since_ns, self._loops_since, self._busy_ns = now_ns, self._loops, 0
        beat.state, beat.stamp_ns, beat.missed = state, now_ns, missed
        beat.count = self._loops
        self._writer.write(beat)

"""A witness of the host: did the whole machine stall while a live test ran?"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from types import TracebackType

PERIOD_S = 0.005
PRIORITY = 95


class StallWitness:
    """Sleeps briefly again and again in a thread of its own and notes by how much it overslept.

    Args:
        limit_s: an oversleep longer than this counts as a stall of the host.
    """

    def __init__(self, limit_s: float = 0.1) -> None:
        self._limit_s = limit_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stall-witness", daemon=True)
        self.stalls_s: list[float] = []

    def __enter__(self) -> StallWitness:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def stalled(self) -> bool:
        """Whether the host stalled since the beginning."""
        return bool(self.stalls_s)

    def _watch(self) -> None:
        with contextlib.suppress(PermissionError):  # of this thread alone: ordinary load must not look like a stall
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        before = time.monotonic()
        while not self._ended.is_set():
            time.sleep(PERIOD_S)
            now = time.monotonic()
            overslept_s = now - before - PERIOD_S
            if overslept_s > self._limit_s:
                self.stalls_s.append(overslept_s)
            before = now

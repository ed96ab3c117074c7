"""What the operating system gives a process: a CPU, a priority, a wake-up at an exact time, an end."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLOCK_MONOTONIC = 1
_TIMER_ABSTIME = 1
_PR_SET_PDEATHSIG = 1
_PR_SET_TIMERSLACK = 29


class _TimeSpec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


@dataclass(frozen=True, slots=True)
class Granted:
    """What this process was given: `fifo` real-time scheduling, `affinity` to the CPU it asked for."""

    fifo: bool
    affinity: bool


def end_with_parent() -> None:
    """Have the kernel end this process (SIGTERM) with its parent. To be called before `RunDirectory.at`.

    A parent that was gone before this call is found out there: nobody holds the lock of the run any more.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def prepare_process(cpu: int | None, priority: int) -> Granted:
    """Set the scheduling of this process.

    Args:
        cpu: to run on; None: any.
        priority: of SCHED_FIFO, 1..99; 0: ordinary scheduling.
    """
    _LIBC.prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
    affinity = fifo = False
    if cpu is not None:
        try:
            os.sched_setaffinity(0, {cpu})
            affinity = True
        except OSError:  # no such CPU here, or not allowed: reported by the caller
            pass
    if priority > 0:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
            fifo = True
        except OSError:  # not permitted: reported by the caller
            pass
    return Granted(fifo, affinity)


def step_back() -> None:
    """Give this thread the least real-time priority, where its process has one.

    For work beside a loop, which goes first. Ordinary scheduling would be worse: whoever kept the thread from running
    while it holds the interpreter's lock would keep the loop, too.
    """
    if os.sched_getscheduler(0) == os.SCHED_FIFO:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(os.sched_get_priority_min(os.SCHED_FIFO)))


def stop_collecting() -> None:
    """Keep the garbage collector out of a periodic loop; what exists now stays."""
    gc.collect()
    gc.freeze()
    gc.disable()


def sleep_until_ns(deadline_ns: int) -> None:
    """Sleep until a time of CLOCK_MONOTONIC, or until a signal arrives."""
    moment = _TimeSpec(*divmod(deadline_ns, 1_000_000_000))
    _LIBC.clock_nanosleep(_CLOCK_MONOTONIC, _TIMER_ABSTIME, ctypes.byref(moment), None)


class Metronome:
    """Absolute periods that never catch up: after a delay of more than a period, the count starts anew from now."""

    def __init__(
        self,
        period_ns: int,
        clock: Callable[[], int] = time.monotonic_ns,
        sleep_until: Callable[[int], None] = sleep_until_ns,
    ) -> None:
        self.period_ns = period_ns
        self.missed = 0
        self._clock = clock
        self._sleep_until = sleep_until
        self._next_ns = clock() + period_ns

    def wait(self) -> int:
        """Sleep until the next period begins.

        Returns:
            The time now, ns.
        """
        while (now_ns := self._clock()) < self._next_ns:
            self._sleep_until(self._next_ns)
        late_ns = now_ns - self._next_ns
        if late_ns >= self.period_ns:
            self.missed += late_ns // self.period_ns
            self._next_ns = now_ns
        self._next_ns += self.period_ns
        return now_ns


class Termination:
    """True once SIGTERM or SIGINT asked this process to end."""

    def __init__(self) -> None:
        self._asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def __bool__(self) -> bool:
        return self._asked

    def _ask(self, *_: object) -> None:
        self._asked = True

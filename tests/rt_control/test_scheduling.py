from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from robot_runtime.realtime_permission import may_use_fifo
from rt_control.scheduling import Metronome, step_back


class Time:
    """A clock that moves only by sleeping, and by what a test takes."""

    def __init__(self) -> None:
        self.now_ns = 1_000

    def sleep_until(self, deadline_ns: int) -> None:
        self.now_ns = deadline_ns

    def metronome(self) -> Metronome:
        return Metronome(100, lambda: self.now_ns, self.sleep_until)


def test_periods_are_absolute() -> None:
    clock = Time()
    metronome = clock.metronome()
    wakes = []
    for work_ns in (10, 90, 0, 99):
        wakes.append(metronome.wait())
        clock.now_ns += work_ns
    assert wakes == [1_100, 1_200, 1_300, 1_400]
    assert metronome.missed == 0


def test_a_small_delay_is_made_good() -> None:
    clock = Time()
    metronome = clock.metronome()
    metronome.wait()
    clock.now_ns += 150
    assert metronome.wait() == 1_250
    assert metronome.wait() == 1_300
    assert metronome.missed == 0


def test_lost_periods_are_counted_and_never_caught_up() -> None:
    clock = Time()
    metronome = clock.metronome()
    metronome.wait()
    clock.now_ns += 1_050
    assert metronome.wait() == 2_150
    assert metronome.missed == 9
    assert [metronome.wait() for _ in range(3)] == [2_250, 2_350, 2_450]


def test_work_beside_a_real_time_loop_takes_the_least_priority_and_other_work_none() -> None:
    def policy_and_priority(fifo: bool) -> tuple[int, int]:
        if fifo:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(40))
        step_back()
        return os.sched_getscheduler(0), os.sched_getparam(0).sched_priority

    with ThreadPoolExecutor(1) as thread:  # the scheduling of a thread is its own
        assert thread.submit(policy_and_priority, False).result() == (os.SCHED_OTHER, 0)
    if may_use_fifo():
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(policy_and_priority, True).result() == (os.SCHED_FIFO, 1)

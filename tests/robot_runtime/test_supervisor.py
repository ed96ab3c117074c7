"""The supervisor with real processes of its own."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from robot_runtime.processes import ProcessPlan
from robot_runtime.supervisor import ProcessEvent, Supervisor
from rt_control.clock import MonotonicClock
from rt_control.errors import InputError, WorkerLost

TICKER = """
import sys, time
count = 0
while True:
    count += 1
    open(sys.argv[1], "w").write(str(count))
    time.sleep(0.01)
"""
WAIT_LIMIT_S = 30.0


def file_progress(path: Path) -> Callable[[], int]:
    def read() -> int:
        try:
            return int(path.read_text() or -1)
        except FileNotFoundError:
            return -1

    return read


def plan(name: str, code: str, *arguments: str, **options: float) -> ProcessPlan:
    return ProcessPlan(name, (sys.executable, "-c", code, *arguments), liveness=name, **options)  # type: ignore[arg-type]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervisor]]:
    started: list[Supervisor] = []

    def make(*plans: ProcessPlan) -> Supervisor:
        progress = {item.liveness: file_progress(tmp_path / item.name) for item in plans}
        supervisor = Supervisor(plans, progress, MonotonicClock(), tmp_path, os.environ)
        started.append(supervisor)
        return supervisor

    yield make
    for supervisor in started:
        supervisor.end()


def poll_until(supervisor: Supervisor, done: Callable[[list[ProcessEvent]], bool]) -> list[ProcessEvent]:
    events: list[ProcessEvent] = []
    deadline = time.monotonic() + WAIT_LIMIT_S
    while not done(events):
        assert time.monotonic() < deadline, f"only saw {events}"
        events += supervisor.poll()
        time.sleep(0.01)
    return events


def kinds(events: list[ProcessEvent]) -> list[str]:
    return [event.kind for event in events]


def test_a_killed_process_is_reaped_and_started_again(supervise: Callable[..., Supervisor], tmp_path: Path) -> None:
    supervisor = supervise(plan("ticker", TICKER, str(tmp_path / "ticker")))
    supervisor.start()
    first = supervisor.pid("ticker")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    events = poll_until(supervisor, lambda seen: "restarted" in kinds(seen))
    assert kinds(events) == ["died", "restarted"]
    assert events[0].detail == "was killed by SIGKILL"
    assert supervisor.pid("ticker") not in (None, first)
    assert not Path(f"/proc/{first}").exists()


def test_a_stopped_process_is_killed_before_its_successor_starts(
    supervise: Callable[..., Supervisor], tmp_path: Path
) -> None:
    supervisor = supervise(plan("ticker", TICKER, str(tmp_path / "ticker"), hang_limit_s=1.0))
    supervisor.start()
    first = supervisor.pid("ticker")
    assert first is not None
    poll_until(supervisor, lambda seen: supervisor._children["ticker"].alive_once)
    os.kill(first, signal.SIGSTOP)
    events = poll_until(supervisor, lambda seen: "restarted" in kinds(seen))
    assert kinds(events) == ["hung", "restarted"]
    assert not Path(f"/proc/{first}").exists()


def test_a_process_that_may_not_restart_is_lost(supervise: Callable[..., Supervisor], tmp_path: Path) -> None:
    supervisor = supervise(plan("ticker", TICKER, str(tmp_path / "ticker"), restarts=0))
    supervisor.start()
    pid = supervisor.pid("ticker")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    events = poll_until(supervisor, lambda seen: "lost" in kinds(seen))
    assert kinds(events) == ["died", "lost"]
    assert supervisor.lost() == ("ticker",)


def test_a_process_that_refuses_its_input_ends_the_start_with_its_own_line(
    supervise: Callable[..., Supervisor],
) -> None:
    supervisor = supervise(plan("picky", "import sys; sys.stderr.write('no camera: plug one in\\n'); sys.exit(2)"))
    with pytest.raises(InputError, match="^no camera: plug one in$"):
        supervisor.start()


def test_a_process_that_dies_while_starting_is_named(supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise(plan("frail", "raise SystemExit('out of luck')"))
    with pytest.raises(WorkerLost, match="process frail ended with exit code 1 while starting.*out of luck"):
        supervisor.start()


def test_the_end_leaves_no_process_even_when_one_is_stopped(
    supervise: Callable[..., Supervisor], tmp_path: Path
) -> None:
    supervisor = supervise(*(plan(name, TICKER, str(tmp_path / name)) for name in ("one", "two")))
    supervisor.start()
    pids = supervisor.pids()
    os.kill(pids["one"], signal.SIGSTOP)
    supervisor.end()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids.values())

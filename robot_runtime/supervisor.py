"""Starts the robot's processes, watches them, starts again those that may, and ends them all together."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from robot_runtime.processes import ProcessPlan
from rt_control.clock import Clock
from rt_control.errors import InputError, WorkerLost

logger = logging.getLogger(__name__)

START_LIMIT_S = 60.0
END_LIMIT_S = 10.0
BACKOFF_FIRST_S = 0.2
BACKOFF_LIMIT_S = 5.0
STALL_S = 0.5
BAD_INPUT_EXIT_CODE = 2

Progress = Callable[[], int]
"""Reads a count that rises as long as the process lives; -1 while there is none."""


@dataclass(frozen=True, slots=True)
class ProcessEvent:
    """Something that happened to a process.

    Attributes:
        stamp_ns: when the supervisor saw it.
        name: of the process.
        kind: `died`, `hung` (and was killed), `restarted`, or `lost` (it may not be started again).
        detail: exit status or age, for people.
    """

    stamp_ns: int
    name: str
    kind: Literal["died", "hung", "restarted", "lost"]
    detail: str

    def sentence(self) -> str:
        """The event in a few words."""
        return f"{self.name} {self.kind} ({self.detail})"


@dataclass(slots=True)
class _Child:
    plan: ProcessPlan
    progress: Progress
    process: subprocess.Popen[bytes] | None = None
    count: int = -1
    progressed_ns: int = 0
    alive_once: bool = False
    start_again_ns: int | None = None
    starts_ns: deque[int] = field(default_factory=deque)
    lost: bool = False


class Supervisor:
    """Owner of the robot's processes. A process is killed and reaped before its successor starts.

    Args:
        plans: in the order in which they start.
        progress: for each plan's `liveness`, how to read it.
        clock: for all ages.
        log_dir: where each process's output goes, `<name>.log`.
        environment: of the processes.
    """

    def __init__(
        self,
        plans: tuple[ProcessPlan, ...],
        progress: Mapping[str, Progress],
        clock: Clock,
        log_dir: Path,
        environment: Mapping[str, str],
    ) -> None:
        self._children = {plan.name: _Child(plan, progress[plan.liveness]) for plan in plans}
        self._clock = clock
        self._log_dir = log_dir
        self._environment = dict(environment)
        self._polled_ns = clock.now_ns()

    def start(self, ready: Callable[[str], None] = lambda name: None) -> None:
        """Start everything and return when each process has shown that it lives.

        Args:
            ready: called with the name of each process as it comes up.

        Raises:
            InputError: a process refused its input (exit code 2), with its own line.
            WorkerLost: a process ended or stayed silent.
        """
        for child in self._children.values():
            self._launch(child)
        waiting = list(self._children.values())
        deadline_ns = self._clock.now_ns() + int(START_LIMIT_S * 1e9)
        while waiting:
            for child in list(waiting):
                self._require_running(child)
                if child.progress() > child.count:
                    child.count = child.progress()
                    child.progressed_ns = self._clock.now_ns()
                    child.alive_once = True
                    waiting.remove(child)
                    ready(child.plan.name)
            if waiting and self._clock.now_ns() > deadline_ns:
                raise WorkerLost(
                    f"process {waiting[0].plan.name} gave no sign of life within {START_LIMIT_S:g} s; "
                    f"its log says: {self._last_line(waiting[0].plan.name)}"
                )
            time.sleep(0.01)
        self._polled_ns = self._clock.now_ns()

    def poll(self) -> list[ProcessEvent]:
        """Reap what died, kill what hangs, start again what may; never blocks for longer than a reap."""
        events: list[ProcessEvent] = []
        now_ns = self._clock.now_ns()
        self._forgive_stall(now_ns)
        for child in self._children.values():
            if child.process is None:
                if child.start_again_ns is not None and now_ns >= child.start_again_ns:
                    self._launch(child)
                    events.append(
                        ProcessEvent(now_ns, child.plan.name, "restarted", f"pid {self.pid(child.plan.name)}")
                    )
                continue
            status = child.process.poll()
            if status is not None:
                self._ended(child, "died", _describe(status), events)
                continue
            count = child.progress()
            if count != child.count:
                child.count, child.progressed_ns, child.alive_once = count, now_ns, True
            limit_s = child.plan.hang_limit_s if child.alive_once else START_LIMIT_S
            age_s = (now_ns - child.progressed_ns) / 1e9
            if age_s > limit_s:
                child.process.kill()
                child.process.wait()
                self._ended(child, "hung", f"silent for {age_s:.1f} s", events)
        return events

    def pid(self, name: str) -> int | None:
        """Process id, or None while it is not running."""
        process = self._children[name].process
        return process.pid if process is not None else None

    def pids(self) -> dict[str, int]:
        """Ids of the running processes by name."""
        return {name: child.process.pid for name, child in self._children.items() if child.process is not None}

    def lost(self) -> tuple[str, ...]:
        """Names of processes that are gone for good."""
        return tuple(name for name, child in self._children.items() if child.lost)

    def end(self) -> None:
        """End everything: `rt_control` first, in order (it brings the arm to rest), then the rest, the plant last."""
        for name in ("rt_control", *(name for name in self._children if name not in ("rt_control", "plant")), "plant"):
            child = self._children.get(name)
            if child is None or child.process is None:
                continue
            _signal(child.process, signal.SIGCONT)
            _signal(child.process, signal.SIGTERM)
            if name == "rt_control":
                _reap(child.process)
        for child in self._children.values():
            if child.process is not None:
                _reap(child.process)
                child.process = None

    def _forgive_stall(self, now_ns: int) -> None:
        """While this process did not run itself, nobody's silence proves anything: the whole host may have stalled."""
        away_ns = now_ns - self._polled_ns
        self._polled_ns = now_ns
        if away_ns > STALL_S * 1e9:
            for child in self._children.values():
                child.progressed_ns += away_ns

    def _launch(self, child: _Child) -> None:
        now_ns = self._clock.now_ns()
        with self._log(child.plan.name) as log:
            # A process group of its own: Ctrl-C at the terminal reaches the supervisor alone, which ends all in order.
            child.process = subprocess.Popen(
                child.plan.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                process_group=0,
            )
        child.start_again_ns = None
        child.alive_once = False
        child.count = child.progress()
        child.progressed_ns = now_ns
        child.starts_ns.append(now_ns)
        logger.debug("%s started, pid %d", child.plan.name, child.process.pid)

    def _ended(self, child: _Child, kind: Literal["died", "hung"], detail: str, events: list[ProcessEvent]) -> None:
        now_ns = self._clock.now_ns()
        plan = child.plan
        child.process = None
        events.append(ProcessEvent(now_ns, plan.name, kind, detail))
        window_ns = int(plan.restart_window_s * 1e9)
        while child.starts_ns and now_ns - child.starts_ns[0] > window_ns:
            child.starts_ns.popleft()
        if len(child.starts_ns) > plan.restarts:
            child.lost = True
            events.append(ProcessEvent(now_ns, plan.name, "lost", self._last_line(plan.name)))
            return
        backoff_s = min(BACKOFF_FIRST_S * 2 ** max(len(child.starts_ns) - 1, 0), BACKOFF_LIMIT_S)
        child.start_again_ns = now_ns + int(backoff_s * 1e9)

    def _require_running(self, child: _Child) -> None:
        assert child.process is not None
        status = child.process.poll()
        if status is None:
            return
        line = self._last_line(child.plan.name)
        child.process = None
        if status == BAD_INPUT_EXIT_CODE:
            raise InputError(line)
        raise WorkerLost(f"process {child.plan.name} {_describe(status)} while starting; its log says: {line}")

    def _log(self, name: str) -> IO[bytes]:
        return open(self._log_dir / f"{name}.log", "ab")

    def _last_line(self, name: str) -> str:
        try:
            lines = (self._log_dir / f"{name}.log").read_text(errors="replace").strip().splitlines()
        except FileNotFoundError:
            lines = []
        return lines[-1] if lines else "nothing"


def _describe(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with exit code {status}"


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.kill(process.pid, number)


def _reap(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(END_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

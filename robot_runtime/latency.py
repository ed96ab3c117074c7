"""How late and how long the cycles of `rt_control` are: every one of them, from its black box."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from robot_runtime.cyclictest import MEND, Cyclictest
from robot_runtime.cyclictest import path as cyclictest_path
from robot_runtime.plant_stand_in import PlantStandIn
from robot_runtime.report import Figure, Reference, figure
from rt_control import _native as native
from rt_control import black_box, executable
from rt_control.channels import RunDirectory
from rt_control.errors import DynamicalError

Microseconds = npt.NDArray[np.float64]

POLL_S = 4.0  # well below what the box holds
START_LIMIT_S = 20.0
END_LIMIT_S = 10.0
PERCENTILES = ((50.0, "p50"), (99.0, "p99"), (99.9, "p99.9"))


@dataclass(frozen=True, slots=True)
class Latencies:
    """One value for each cycle, us.

    Attributes:
        wake_up: from when the cycle was due until its thread ran.
        compute: from then until the drives were told.
        command: both together: from when the cycle was due until the drives were told.
        cyclictest: wake-ups of cyclictest in the same time; None where it did not run.
        no_cyclictest: why it did not.
    """

    wake_up: Microseconds
    compute: Microseconds
    command: Microseconds
    cyclictest: Microseconds | None
    no_cyclictest: str = MEND

    def figures(self) -> tuple[Figure, ...]:
        """Percentiles, the wake-ups beside those of cyclictest."""
        if not len(self.wake_up):
            return (Figure(name="cycles", value=0, note="rt_control did not complete a cycle"),)
        rows = [Figure(name="cycles", value=len(self.wake_up))]
        for name, values in (("wake-up", self.wake_up), ("compute", self.compute), ("command", self.command)):
            beside = self.cyclictest if name == "wake-up" else None
            for share, word in (*PERCENTILES, (100.0, "longest")):
                reference = None
                if beside is not None and len(beside):
                    reference = Reference("cyclictest", float(np.percentile(beside, share)))
                value = float(np.percentile(values, share))
                rows.append(figure(f"{name}, {word}", value, "us", reference=reference))
        if self.cyclictest is None:
            rows.append(Figure(name="cyclictest", value=None, note=self.no_cyclictest))
        return tuple(rows)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the two that are compared run.

    Attributes:
        cpu: of `rt_control`.
        other_cpu: of cyclictest.
        priority: of both, SCHED_FIFO; 0: ordinary scheduling.
    """

    cpu: int
    other_cpu: int
    priority: int


def measure(run_directory: Path, placement: Placement, duration_s: float) -> Latencies:
    """Watch an `rt_control` that runs, with cyclictest beside it where that is installed and may run.

    Args:
        run_directory: of the robot.
        placement: of cyclictest; where `rt_control` itself runs is not changed.
        duration_s: how long.
    """
    with ExitStack() as stack:
        beside = None
        if cyclictest_path() is not None:
            beside = Cyclictest(placement.other_cpu, placement.priority, duration_s)
            stack.callback(beside.end)
        records = list(_watch(run_directory / "blackbox", duration_s))
        reference, why_not = latencies_of(beside)
    joined = np.concatenate(records)
    compute_ns = sum(joined[f"{name}_ns"].astype(np.float64) for name in ("read", "decide", "write_drives"))
    wake_up, compute = joined["wake_up_ns"] / 1e3, np.asarray(compute_ns) / 1e3
    return Latencies(wake_up, compute, wake_up + compute, reference, why_not)


def latencies_of(beside: Cyclictest | None) -> tuple[Microseconds | None, str]:
    """What a cyclictest measured, and why there is nothing where it did not: an ordinary user may not run it."""
    if beside is None:
        return None, MEND
    try:
        return beside.latencies_us(), ""
    except DynamicalError as error:
        return None, str(error)


@contextmanager
def own_rt_control(model: native.RobotModel, placement: Placement, *, moves: bool) -> Iterator[Path]:
    """Start an `rt_control` in a run directory of its own, and end both afterwards.

    Args:
        model: of a simulated robot.
        placement: of the process.
        moves: a stand-in for plant and agent jogs it; otherwise its drives never answer.

    Returns:
        The run directory, once the first cycles are done.

    Raises:
        DynamicalError: it did not start.
    """
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="dynamical-rt-") as root, ExitStack() as stack:
        run = stack.enter_context(RunDirectory.create("latency", model, {}, Path(root)))
        if moves:
            stack.enter_context(PlantStandIn(run, model, placement.cpu))
        command = [str(executable.path()), "--run-dir", str(run.directory)]
        command += ["--cpu", str(placement.cpu), "--priority", str(placement.priority)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        stack.callback(_end, process)
        states = native.StateReader(run.path("state"))
        until = time.monotonic() + START_LIMIT_S
        while (state := states.read()) is None or state.cycle < 100:
            if process.poll() is not None or time.monotonic() > until:
                _end(process)
                raise DynamicalError(f"rt_control did not start: {' '.join((process.stderr or '').read().split())}")  # type: ignore[union-attr]  # a pipe
            time.sleep(0.01)
        yield run.directory


def _watch(path: Path, duration_s: float) -> Iterator[npt.NDArray[np.void]]:
    """Every record from now on for so long, each once."""
    seen = _newest(black_box.read(path).records)
    end = time.monotonic() + duration_s
    while (left_s := end - time.monotonic()) > 0:
        time.sleep(min(left_s, POLL_S))
        records = black_box.read(path).records
        yield records[records["sequence"] > seen]
        seen = max(seen, _newest(records))


def _newest(records: npt.NDArray[np.void]) -> int:
    return int(records["sequence"][-1]) if len(records) else 0


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

"""Tier 1: the compute time of a whole cycle, its instructions, and wake-ups beside cyclictest.

The cycles are those of the real loop, on the robot's whole model: what the controller checks is measured. The wake-ups
are the median of five pairs, each with a control pair of two cyclictests in the same run.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_runtime import latency
from robot_runtime.cyclictest import MEND, Cyclictest
from robot_runtime.cyclictest import path as cyclictest_path
from robot_runtime.latency import Placement
from robot_runtime.processes import RealtimePlacement
from robot_runtime.realtime_permission import may_use_fifo, realtime_cpu
from robot_runtime.report import Figure, figure
from rt_control import executable
from rt_control.channels import RunDirectory
from rt_control.description import compile_model, load_robot
from rt_control.errors import DynamicalError

ROBOT = "arm7"
CYCLES = 30_000
P50_TARGET_US = 10.0
P99_TARGET_US = 25.0
MOVING_PERCENT = 90.0
HELD_BACK_PERCENT = 10.0
PROFILED_CYCLES = 400
INSTRUCTION_RATIO = 1.5
PAIRS = 5
PAIR_S = 4.0
WAKE_UP_P50_RATIO = 1.25
WAKE_UP_P99_RATIO = 2.0
CONTROL_P99_RATIO = 1.6  # above it the machine disturbs the two of a pair unequally: nothing can be said


def measure() -> list[Figure]:
    """Cycles warm and with cold caches, instructions by callgrind, wake-ups."""
    return [*compute_figures(), *instruction_figures(), *wake_up_figures()]


def compute_figures(cycles: int = CYCLES) -> Iterator[Figure]:
    """Read, decide, tell the drives, publish: one after the other; with displaced caches; held back by its shapes."""
    for word, extra in (("", ()), (" with cold caches", ("cold",)), (" beside itself or a zone", ("near",))):
        with _run_directory() as directory:
            told = _bench(directory, str(cycles), *extra)
        judged = not extra
        if judged:
            share = 100.0 * told["moving"] / told["cycles"]
            note = "otherwise what follows is not the price of a motion"
            yield figure("cycles in motion", share, f"% of {told['cycles']}", at_least=MOVING_PERCENT, note=note)
        if extra == ("near",):
            share = 100.0 * told["held_back"] / told["cycles"]
            yield figure(f"cycles held back{word}", share, f"% of {told['cycles']}", at_least=HELD_BACK_PERCENT)
        for name, text in (("cycle", f"whole cycle{word}"), ("decide", f"of it the controller{word}")):
            p50, p99 = told[f"{name}_p50"] / 1e3, told[f"{name}_p99"] / 1e3
            targets = name == "cycle" and judged
            yield figure(f"{text}, p50", p50, "us", at_most=P50_TARGET_US if targets else None)
            yield figure(f"{text}, p99", p99, "us", at_most=P99_TARGET_US if targets else None)


def instruction_figures() -> Iterator[Figure]:
    """Instructions of each cycle: what the longest costs beside the median, without the noise of a clock."""
    valgrind = shutil.which("valgrind")
    name = "instructions of a cycle, worst beside median"
    if valgrind is None:
        yield Figure(name=name, value=None, note="valgrind is not installed here; apt-get install valgrind")
        return
    counts = instructions(valgrind, PROFILED_CYCLES)
    median, worst = statistics.median(counts), max(counts)
    yield figure("instructions of a cycle, median", int(median), note=f"{len(counts)} cycles under callgrind")
    yield figure(name, worst / median, at_most=INSTRUCTION_RATIO, note=f"worst {worst}")


def instructions(valgrind: str, cycles: int) -> list[int]:
    """Of each of so many cycles, counted by callgrind; those of the start are left out.

    Raises:
        DynamicalError: callgrind failed.
    """
    function = "dynamical::rt::Cycle::run(long, long)"
    with _run_directory() as directory, tempfile.TemporaryDirectory() as folder:
        command = [valgrind, "--tool=callgrind", f"--toggle-collect={function}", f"--dump-after={function}"]
        command += [f"--callgrind-out-file={folder}/out", "--compress-strings=yes"]
        command += [str(executable.path("cycle_bench")), str(directory), str(cycles)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        parts = [path for path in Path(folder).iterdir() if path.suffix[1:].isdigit()]
        if done.returncode != 0 or len(parts) < cycles:
            raise DynamicalError(f"callgrind failed: {' '.join(done.stderr.split())[-300:]}")
        parts.sort(key=lambda path: int(path.suffix[1:]))
        return [_total(path) for path in parts[-cycles:]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Ratios of two that ran at once: the first beside the second.

    Attributes:
        p50: of the medians.
        p99: of the 99th percentiles.
        control_p99: the same of two cyclictests, right after.
    """

    p50: float
    p99: float
    control_p99: float

    @property
    def is_void(self) -> bool:
        """Whether the machine disturbed even two that are equal."""
        return not 1 / CONTROL_P99_RATIO <= self.control_p99 <= CONTROL_P99_RATIO


def wake_up_figures() -> Iterator[Figure]:
    """Wake-up of `rt_control` beside cyclictest on another processor, both at once; the processors change sides."""
    if cyclictest_path() is None:
        yield Figure(name="wake-up beside cyclictest", value=None, note=MEND)
        return
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        yield Figure(name="wake-up beside cyclictest", value=None, note="needs two processors")
        return
    fifo = may_use_fifo()
    priority = RealtimePlacement(realtime_cpu(), fifo).rt_control_priority if fifo else 0
    pairs = []
    for number in range(PAIRS):
        one, other = processors[-2:] if number % 2 else processors[-1:-3:-1]
        pairs.append(_pair(Placement(one, other, priority)))
    yield from judge(pairs, fifo)


def judge(pairs: list[Pair], fifo: bool) -> Iterator[Figure]:
    """The medians of the pairs that count.

    Args:
        pairs: all that were measured.
        fifo: whether both ran in real time.
    """
    valid = [pair for pair in pairs if not pair.is_void]
    void = len(pairs) - len(valid)
    judged = fifo and len(valid) > len(pairs) / 2
    note = "" if fifo else "without SCHED_FIFO: the host cannot be judged; see `dynamical doctor`"
    if fifo and not judged:
        note = f"{void} of {len(pairs)} runs void: two cyclictests differ by more than x{CONTROL_P99_RATIO:g}"
    counted = valid or pairs
    p50, p99 = (statistics.median(values) for values in zip(*((pair.p50, pair.p99) for pair in counted), strict=True))
    yield figure("wake-up beside cyclictest, p50 ratio", p50, at_most=WAKE_UP_P50_RATIO, judged=judged, note=note)
    yield figure("wake-up beside cyclictest, p99 ratio", p99, at_most=WAKE_UP_P99_RATIO, judged=judged, note=note)
    control = statistics.median(pair.control_p99 for pair in pairs)
    all_of_them = ", ".join(f"{pair.p50:.2f}/{pair.p99:.2f}/{pair.control_p99:.2f}" for pair in pairs)
    yield Figure(
        name="two cyclictests, p99 ratio",
        value=control,
        note=f"{void} of {len(pairs)} runs void; p50/p99/control of each: {all_of_them}",
    )


def _pair(place: Placement) -> Pair:
    model = compile_model(load_robot(ROBOT))
    with latency.own_rt_control(model, place, moves=False) as directory:
        found = latency.measure(directory, place, PAIR_S)
    if found.cyclictest is None:
        raise DynamicalError(found.no_cyclictest)
    ours, beside = found.wake_up, found.cyclictest
    first = Cyclictest(place.cpu, place.priority, PAIR_S)
    second = Cyclictest(place.other_cpu, place.priority, PAIR_S)
    control = [float(np.percentile(item.latencies_us(), 99)) for item in (first, second)]
    (p50, p99), (beside_p50, beside_p99) = (np.percentile(values, (50, 99)) for values in (ours, beside))
    return Pair(float(p50 / beside_p50), float(p99 / beside_p99), control[0] / control[1])


@contextmanager
def _run_directory() -> Iterator[Path]:
    model = compile_model(load_robot(ROBOT))
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm", prefix="dynamical-bench-") as root,
        RunDirectory.create(ROBOT, model, {}, Path(root)) as run,
    ):
        yield run.directory


def _bench(directory: Path, *arguments: str) -> dict[str, int]:
    command = [str(executable.path("cycle_bench")), str(directory), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DynamicalError(f"cycle_bench failed: {' '.join(done.stderr.split())}")
    return {name: int(value) for name, value in (line.split("=") for line in done.stdout.split())}


def _total(path: Path) -> int:
    found = re.search(r"^(?:totals|summary): (\d+)", path.read_text(), re.MULTILINE)
    if found is None:
        raise DynamicalError(f"callgrind left no total in {path.name}")
    return int(found[1])

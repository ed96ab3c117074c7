"""Memory and processor share of each process of the live robot at work; rt_control's wake-up beside cyclictest."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from robot_runtime.live import LiveRobot, wait_for
from robot_runtime.report import Figure, Reference, figure
from robot_runtime.run_options import RunOptions
from rt_control import _native as native
from trees.mission import mission_text

DURATION_S = 20.0
MEMORY_TARGET_MIB = 2048.0
PRIORITY = 90


def measure() -> list[Figure]:
    """Run the demo mission live for 20 s and look at /proc, at rt_control's own histogram and at cyclictest's."""
    mission = Path(mission_text("sort_table")[0]).resolve()
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm", prefix="dyn-bench-") as root,
        LiveRobot(RunOptions(mission, "arm7", root=Path(root), progress=False)) as robot,
    ):
        robot.start()
        wait_for(robot, lambda: robot.view is not None and robot.view.status.ready, 60.0, "the robot at work")
        pids = {**robot.supervisor.pids(), "supervisor": os.getpid()}
        statistics = native.StatisticsReader(robot.run.path("statistics"))
        before, cpu_before, begun = statistics.read(), _cpu_seconds(pids), time.monotonic()
        witness = _start_cyclictest() if robot.fifo else None
        wait_for(robot, lambda: time.monotonic() - begun > DURATION_S, 2 * DURATION_S, "the end of the measurement")
        after, cpu_after, elapsed_s = statistics.read(), _cpu_seconds(pids), time.monotonic() - begun
        memory_mib = {name: _resident_mib(pid) for name, pid in pids.items()}
        cyclictest = _finish_cyclictest(witness)
        misses = robot.state()
    assert before is not None and after is not None and misses is not None
    figures = [
        figure("resident memory of all processes", sum(memory_mib.values()), "MiB", at_most=MEMORY_TARGET_MIB),
        *(figure(f"resident memory, {name}", value, "MiB") for name, value in memory_mib.items()),
        *(
            figure(f"processor share, {name}", 100 * (cpu_after[name] - cpu_before[name]) / elapsed_s, "% of a core")
            for name in pids
        ),
    ]
    histogram = [int(new) - int(old) for new, old in zip(after.wake_latency, before.wake_latency, strict=True)]
    for share in (0.5, 0.99):
        beside = None if cyclictest is None else Reference("cyclictest, same priority", _percentile(cyclictest, share))
        note = "" if cyclictest is not None else "cyclictest is not installed here, or may not run in real time"
        figures.append(
            figure(
                f"rt_control wake-up, p{share * 100:g}",
                _bucket_percentile(histogram, share),
                "us",
                reference=beside,
                note=note,
            )
        )
    figures.append(figure("deadline misses of rt_control", misses.deadline_misses, f"of {misses.cycle} cycles"))
    return figures


def _cpu_seconds(pids: dict[str, int]) -> dict[str, float]:
    seconds = {}
    for name, pid in pids.items():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        seconds[name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def _resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _start_cyclictest() -> tuple[subprocess.Popen[bytes], Path] | None:
    program = shutil.which("cyclictest")
    if program is None:
        return None
    result = Path(tempfile.mkdtemp()) / "cyclictest.json"
    cpu = min(os.sched_getaffinity(0))
    options = ("-q", "-m", f"-p{PRIORITY}", "-i1000", "-t1", f"-a{cpu}", f"-D{DURATION_S:.0f}", "-h2000")
    return subprocess.Popen([program, *options, f"--json={result}"], stdout=subprocess.DEVNULL), result


def _finish_cyclictest(started: tuple[subprocess.Popen[bytes], Path] | None) -> dict[int, int] | None:
    """Its histogram: counts by latency in us."""
    if started is None:
        return None
    process, result = started
    process.wait(60)
    try:
        threads = json.loads(result.read_text())["thread"]
    except (FileNotFoundError, ValueError, KeyError):
        return None
    finally:
        shutil.rmtree(result.parent)
    return {int(latency): int(count) for latency, count in threads["0"]["histogram"].items()}


def _percentile(histogram: dict[int, int], share: float) -> float:
    wanted, seen = share * sum(histogram.values()), 0
    for latency, count in sorted(histogram.items()):
        seen += count
        if seen >= wanted:
            return float(latency)
    return float("nan")


def _bucket_percentile(histogram: list[int], share: float) -> float:
    """From buckets [2^(i/4), 2^((i+1)/4)) us, interpolated inside the bucket."""
    wanted, seen = share * sum(histogram), 0
    for index, count in enumerate(histogram):
        if count and seen + count >= wanted:
            return float(2 ** ((index + (wanted - seen) / count) / 4))
        seen += count
    return float("nan")

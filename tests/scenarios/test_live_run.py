"""`dynamical run` as a user types it, with all real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from robot_runtime.realtime_permission import may_use_fifo
from rt_control import channels
from rt_control.description import load_robot
from tests.scenarios.witness import StallWitness

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
LIMIT_S = 180.0
ATTEMPTS = 3
END_LIMIT_S = 30.0
WITHOUT_PERMISSION = ("setpriv", "--bounding-set=-sys_nice,-ipc_lock,-sys_resource")
KEYS = {
    "outcome",
    "objects_sorted",
    "objects_total",
    "modes_entered",
    "interventions",
    "deadline_misses",
    "cycles",
    "duration_s",
    "realtime",
    "time_dilation",
}


@pytest.fixture
def start(shared_root: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        # A shell that starts this test in the background has SIGINT ignored, which children inherit.
        heard = ("env", "--default-signal=INT")
        runtime = (sys.executable, "-m", "robot_runtime.cli", "run", "--root", str(shared_root))
        command = [*heard, *before, *runtime, *arguments]
        started.append(
            subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
            )
        )
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
    for pid in pids_of(shared_root):  # of ours alone: they name this test's own folder
        os.kill(pid, signal.SIGKILL)
    channels.clean("arm7", shared_root)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + END_LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"not seen: {what}"
        time.sleep(0.05)


def pids_of(root: Path) -> list[int]:
    """Processes whose command line names the run directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if f"{root}/arm7".encode() in words:
            found.append(int(path.parent.name))
    return found


@pytest.fixture
def run_until(
    start: Callable[..., subprocess.Popen[str]], record_property: Callable[[str, object], None]
) -> Callable[..., tuple[dict[str, Any], int]]:
    """Run to the end; again if the host stalled and the outcome differs. What was printed, and the exit code."""

    def run(outcome: str, *arguments: str, before: tuple[str, ...] = ()) -> tuple[dict[str, Any], int]:
        for _ in range(ATTEMPTS):
            with StallWitness() as witness:
                process = start("--json", "-", *arguments, before=before)
                output, errors = process.communicate(timeout=LIMIT_S)
            result: dict[str, Any] = json.loads(output)
            if result["outcome"] == outcome or not witness.stalled:
                break
            record_property("repeated_because_the_host_stalled_s", max(witness.stalls_s))
        assert result["outcome"] == outcome, (result, errors)
        return result, process.returncode

    return run


def test_the_demo_mission_sorts_the_table_and_prints_one_json_object(
    run_until: Callable[..., tuple[dict[str, Any], int]], shared_root: Path
) -> None:
    result, code = run_until("SUCCESS")
    assert code == 0
    assert result.keys() >= KEYS
    assert result["objects_sorted"] == result["objects_total"] == 4
    assert result["realtime"] == ("fifo" if may_use_fifo() else "degraded")
    assert not pids_of(shared_root)


def test_without_real_time_permission_the_robot_is_visibly_degraded_and_works(
    run_until: Callable[..., tuple[dict[str, Any], int]],
) -> None:
    before = WITHOUT_PERMISSION if os.geteuid() == 0 else ()
    result, _ = run_until("duration_reached", "--duration", "20", before=before)
    assert result["realtime"] == "degraded"
    assert result["drive_watchdog_cycles"] == load_robot("arm7").watchdog_cycles_degraded
    assert result["objects_sorted"] >= 1


def test_ctrl_c_ends_every_process_in_order(start: Callable[..., subprocess.Popen[str]], shared_root: Path) -> None:
    process = start("--json", "-")
    state = shared_root / "arm7" / "state"
    wait_until(lambda: state.exists() and len(pids_of(shared_root)) >= 7, "every process")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everything in the foreground gets it
    output, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode in (1, 130), errors
    # One that was being started at that very moment sees that its supervisor has gone, and ends by itself.
    wait_until(lambda: not pids_of(shared_root), "no process is left")
    assert not (shared_root / "arm7").exists()


def test_a_killed_supervisor_takes_every_process_with_it(
    start: Callable[..., subprocess.Popen[str]], shared_root: Path
) -> None:
    process = start()
    wait_until(lambda: len(pids_of(shared_root)) >= 7, "every process")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: not pids_of(shared_root), "the end of every process")
    assert (shared_root / "arm7").exists(), "the remains are left for who looks into the crash"

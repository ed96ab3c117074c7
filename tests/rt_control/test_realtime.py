"""The rt_control process towards the kernel: what it asks, what it is refused, and what hangs on it."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.rt import compute_figures
from rt_control import _native as rt
from rt_control import black_box, executable
from rt_control.channels import RunDirectory
from tests.rt_control.rig import small_model
from tests.rt_control.test_executable import Robot, push, wait_for

pytestmark = pytest.mark.live

HERE = Path(__file__).parent
FRAME_BYTES = 4


@pytest.fixture
def robot() -> Iterator[Robot]:
    # In memory, as a robot's is: the pages of a file on a disk are taken away to be written back.
    with tempfile.TemporaryDirectory(dir="/dev/shm") as root:
        robot = Robot(Path(root))
        try:
            yield robot
        finally:
            robot.end()


def end(process: subprocess.Popen[str], robot: Robot) -> rt.Statistics:
    """End it in order; what it counted."""
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate()
    assert process.returncode == 0, error
    statistics = rt.StatisticsReader(robot.run.path("statistics")).read()
    assert statistics is not None and statistics.ended == 1
    return statistics


def run_for(robot: Robot, cycles: int, *arguments: str) -> subprocess.Popen[str]:
    process = robot.start(*arguments)
    robot.wait(lambda state: state.cycle >= cycles, f"{cycles} cycles")
    return process


def test_with_its_memory_locked_no_page_is_missing_in_the_loop(robot: Robot) -> None:
    process = run_for(robot, 1000)
    locked = bool(robot.state().realtime & rt.RealtimeStatus.memory_locked)
    statistics = end(process, robot)
    if not locked:
        assert robot.state().realtime & rt.RealtimeStatus.degraded
        return
    assert (statistics.minor_faults, statistics.major_faults) == (0, 0)


def test_a_cycle_makes_one_system_call_which_is_its_sleep(robot: Robot, tmp_path: Path) -> None:
    strace = shutil.which("strace")
    assert strace is not None, "install strace: apt-get install strace"
    trace = tmp_path / "trace"
    command = [strace, "-f", "-o", str(trace), str(executable.path()), "--run-dir", str(robot.run.directory)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        robot.wait(lambda state: state.cycle >= 500, "500 cycles")
        pid = int(trace.read_text().split(maxsplit=1)[0])
        os.kill(pid, signal.SIGTERM)
        process.communicate()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    statistics = rt.StatisticsReader(robot.run.path("statistics")).read()
    assert statistics is not None and statistics.ended == 1
    calls = re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE)
    loop = calls[calls.index("clock_nanosleep") :]
    # Woken by the signal, it goes to sleep once more.
    assert statistics.cycles <= loop.count("clock_nanosleep") <= statistics.cycles + 1
    assert sorted(set(loop)) in (
        ["clock_nanosleep", "exit_group", "getrusage"],
        ["clock_nanosleep", "exit_group", "getrusage", "rt_sigreturn"],
    )
    assert loop.count("getrusage") == 1, "the other one is before the first cycle"


def test_a_forbidden_system_call_is_refused_and_stops_the_robot(robot: Robot) -> None:
    robot.start("--forbidden-call-in", "200")
    state = robot.wait(lambda state: bool(state.latched), "the stop")
    assert state.first_cause.fault == rt.Fault.forbidden_call
    assert state.first_cause.cycle == 200
    assert state.first_cause.stop == rt.Stop.ss1
    assert state.first_cause.value == {"x86_64": 110, "aarch64": 173}[os.uname().machine]
    assert state.realtime & rt.RealtimeStatus.filtered
    robot.wait(lambda state: state.execution == rt.ExecutionState.stopped, "standstill")
    push(robot.operator, rt.RequestKind.reset)
    robot.wait(lambda state: not state.latched, "the reset")


def test_without_the_filter_the_same_call_passes(robot: Robot) -> None:
    process = run_for(robot, 300, "--forbidden-call-in", "200", "--no-filter")
    assert not robot.state().latched
    assert not robot.state().realtime & rt.RealtimeStatus.filtered
    end(process, robot)


@pytest.mark.parametrize("option", [("--no-filter",), ("--forbidden-call-in", "5")])
def test_a_real_robot_takes_no_option_that_weakens_it(tmp_path: Path, option: tuple[str, ...]) -> None:
    with RunDirectory.create("arm", small_model(simulated=0), {}, tmp_path) as run:
        command = [str(executable.path()), "--run-dir", str(run.directory), *option]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--no-filter and --forbidden-call-in are for simulated robots" in done.stderr


def test_the_black_box_survives_sigkill_and_the_next_one_goes_on_in_it(robot: Robot) -> None:
    process = run_for(robot, 500)
    process.kill()
    process.communicate()
    cycles = robot.state().cycle
    box = black_box.read(robot.run.path("blackbox"))
    assert box.torn <= 1
    assert cycles - 1 <= box.records["cycle"][-1] <= cycles + 1
    assert len(box.records) >= 500
    robot.start()
    robot.wait(lambda state: state.generation == 2 and state.cycle > 50, "a second rt_control")
    records = black_box.read(robot.run.path("blackbox")).records
    assert set(records["generation"].tolist()) == {1, 2}
    assert records["last_cause_fault"][-1] == rt.Fault.restarted


def test_one_that_was_stopped_and_continued_says_that_it_was_woken_late(robot: Robot) -> None:
    process = run_for(robot, 100)
    process.send_signal(signal.SIGSTOP)
    time.sleep(0.2)
    process.send_signal(signal.SIGCONT)
    state = robot.wait(lambda state: state.skipped_cycles > 100, "the lateness")
    assert state.lateness.stage == rt.Stage.wake_up
    assert state.lateness.skipped_ns > 10**8
    assert end(process, robot).late_wake_up >= 1


def frames(master: int, seconds: float) -> list[bytes]:
    """What arrives on a relay's line in so long, by frame."""
    os.set_blocking(master, False)
    received = b""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            received += os.read(master, 4096)
        except BlockingIOError:
            time.sleep(0.005)
    return [received[at : at + FRAME_BYTES] for at in range(0, len(received) - FRAME_BYTES + 1, FRAME_BYTES)]


def test_the_relay_gets_frames_that_rise_while_the_loop_is_healthy_and_none_afterwards(robot: Robot) -> None:
    master, slave = os.openpty()
    try:
        process = robot.start("--relay", os.ttyname(slave), "--forbidden-call-in", "2000")
        robot.wait(lambda state: state.cycle > 200, "rt_control")
        seen = frames(master, 0.4)
        assert len(seen) >= 5
        numbers = [frame[1] for frame in seen]
        assert all((frame[0], frame[1] ^ frame[2], frame[3]) == (0xA5, 0xFF, 0x5A) for frame in seen)
        assert all((after - before) % 256 == 1 for before, after in zip(numbers, numbers[1:], strict=False))
        robot.wait(lambda state: bool(state.latched), "the forbidden call")
        frames(master, 0.1)
        assert frames(master, 0.3) == []
        end(process, robot)
    finally:
        os.close(master)
        os.close(slave)


def test_a_relay_that_is_no_serial_line_is_refused(robot: Robot, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    _, error = robot.start("--relay", str(tmp_path / "file")).communicate()
    assert f"--relay {tmp_path / 'file'} is no serial line" in error


def test_the_machines_watchdog_is_petted_and_disarmed_by_an_orderly_end_only(robot: Robot, tmp_path: Path) -> None:
    device = tmp_path / "watchdog"  # a plain file
    device.touch()
    process = robot.start("--watchdog", str(device))
    wait_for(lambda: device.read_bytes().startswith(b"pp"), "two pets")
    end(process, robot)
    content = device.read_bytes()
    assert re.fullmatch(rb"p+V", content)
    process = robot.start("--watchdog", str(device))
    robot.wait(lambda state: state.generation == 2 and state.cycle > 200, "a second rt_control")
    process.kill()
    process.communicate()
    assert b"V" not in device.read_bytes()[:1] + device.read_bytes()[len(content) :]


@pytest.mark.parametrize(("first", "left"), [(True, b"V"), (False, b"")], ids=["first", "after a crash"])
def test_only_a_first_start_that_is_refused_disarms_the_machines_watchdog(
    tmp_path: Path, first: bool, left: bytes
) -> None:
    device = tmp_path / "watchdog"
    device.touch()
    with RunDirectory.create("arm", small_model(simulated=0), {}, tmp_path) as run:
        if not first:
            assert rt.StateWriter(run.path("state")).write(rt.State(generation=1))
        command = [str(executable.path()), "--run-dir", str(run.directory), "--priority", "0"]
        done = subprocess.run([*command, "--watchdog", str(device)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "will not arm a real robot without real-time" in done.stderr
    assert device.read_bytes() == left


def test_drives_that_do_not_answer_leave_the_watchdog_unpetted(robot: Robot, tmp_path: Path) -> None:
    robot.drives.end()
    device = tmp_path / "watchdog"
    device.touch()
    run_for(robot, 500, "--watchdog", str(device))
    assert device.read_bytes() == b""


def test_a_watchdog_that_is_not_there_is_refused_and_not_made(robot: Robot, tmp_path: Path) -> None:
    _, error = robot.start("--watchdog", str(tmp_path / "none")).communicate()
    assert f"--watchdog {tmp_path / 'none'} cannot be opened: No such file or directory" in error
    assert not (tmp_path / "none").exists()


@pytest.fixture(scope="session")
def fake_line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that stands in for lines which this machine has not."""
    library = tmp_path_factory.mktemp("fake") / "fake_line.so"
    compiler = shutil.which("c++") or "c++"
    subprocess.run(
        [compiler, "-std=c++20", "-shared", "-fPIC", "-o", str(library), str(HERE / "fake_line.cpp")], check=True
    )
    return library


@pytest.mark.parametrize("line", ["", ":17"], ids=["serial DTR", "GPIO line"])
def test_the_scope_line_changes_its_level_once_in_each_cycle(
    robot: Robot, fake_line: Path, tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, counts = tmp_path / "device", tmp_path / "counts"
    device.touch()
    counts.write_bytes(bytes(32))
    monkeypatch.setenv("LD_PRELOAD", str(fake_line))
    monkeypatch.setenv("FAKE_LINE", str(counts))
    process = robot.start("--scope", f"{device}{line}")
    monkeypatch.delenv("LD_PRELOAD")
    robot.wait(lambda state: state.cycle > 200, "rt_control")
    assert not robot.state().latched
    statistics = end(process, robot)
    high, low, repeated, number = struct.unpack("<4Q", counts.read_bytes())
    # A serial line is set low before the first cycle.
    assert high + low == statistics.cycles + (0 if line else 1)
    assert repeated == 0
    assert number == (17 if line else 0)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("{pty}", "--scope: DTR of {pty} cannot be set: "),
        ("{file}", "--scope: DTR of {file} cannot be set: Inappropriate ioctl for device"),
        ("{file}:3", "--scope: line 3 of {file} is not given: Inappropriate ioctl for device"),
        ("{file}:x", "--scope is '{file}:x', allowed are a serial line or CHIP:LINE"),
    ],
)
def test_a_scope_line_that_cannot_be_set_is_refused(robot: Robot, tmp_path: Path, target: str, message: str) -> None:
    master, slave = os.openpty()
    (tmp_path / "file").touch()
    names = {"pty": os.ttyname(slave), "file": str(tmp_path / "file")}
    _, error = robot.start("--scope", target.format(**names)).communicate()
    os.close(master)
    os.close(slave)
    assert message.format(**names) in error


def test_a_processor_that_is_not_there_is_named_and_shown_as_degraded(robot: Robot) -> None:
    process = run_for(robot, 50, "--cpu", "1023")
    assert robot.state().realtime & rt.RealtimeStatus.degraded
    assert not robot.state().realtime & rt.RealtimeStatus.affinity
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate()
    assert "processor 1023 is not available" in error


def test_the_bench_of_cycles_moves_its_arm_and_counts_every_cycle() -> None:
    figures = {item.name: item.value for item in compute_figures(cycles=2000)}
    assert figures["cycles in motion"] == 100.0
    for name in ("whole cycle", "whole cycle with cold caches"):
        assert 0 < float(figures[f"{name}, p50"] or 0) <= float(figures[f"{name}, p99"] or 0)


def test_memory_that_may_not_be_locked_is_named_and_shown_as_degraded(robot: Robot) -> None:
    """An ordinary user's limit: locking future pages would succeed, and a later mapping fail."""
    hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    limit = 8 << 20 if hard == resource.RLIM_INFINITY else min(8 << 20, hard)
    # The limit binds nobody who may lock memory.
    unprivileged = ["setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        ["prlimit", f"--memlock={limit}", *unprivileged]
        + [str(executable.path()), "--run-dir", str(robot.run.directory)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        state = robot.wait(lambda state: state.cycle > 100, "rt_control")
        assert state.realtime & rt.RealtimeStatus.degraded
        assert not state.realtime & rt.RealtimeStatus.memory_locked
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate()
        assert process.returncode == 0
        assert "memory is not locked (raise `memlock` to unlimited" in error
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()

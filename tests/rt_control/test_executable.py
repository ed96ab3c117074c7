"""The rt_control process with real signals, and a thread that stands in for its drives."""

from __future__ import annotations

import signal
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from rt_control import _native as rt
from rt_control import executable
from rt_control.channels import RunDirectory
from tests.rt_control.rig import AXES, small_model

pytestmark = pytest.mark.live

LIMIT_S = 30.0


def wait_for(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < end, f"{what} did not happen within {LIMIT_S} s"
        time.sleep(0.002)


class Drives:
    """Follows commands exactly, in a thread; the newest rt_control only."""

    def __init__(self, run: RunDirectory) -> None:
        self._commands = rt.DriveCommandReader(run.path("drive.command"))
        self._writer = rt.DriveStateWriter(run.path("drive.state"))
        self.position = np.zeros(AXES)
        self.generation = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._loop)
        self._thread.start()

    def _loop(self) -> None:
        cycle = 0
        while not self._end.is_set():
            cycle += 1
            command = self._commands.read()
            enabled = False
            accepted_cycle = 0
            velocity = np.zeros(AXES)
            if command is not None and command.generation >= self.generation:
                self.generation, accepted_cycle = command.generation, command.cycle
                enabled = bool(command.enable)
                if enabled:
                    self.position, velocity = command.position[:AXES].copy(), command.velocity[:AXES].copy()
            self._writer.write(
                rt.DriveState(
                    cycle=cycle,
                    accepted_generation=self.generation,
                    accepted_cycle=accepted_cycle,
                    axes=AXES,
                    stamp_ns=time.monotonic_ns(),
                    status=int(rt.DriveStatus.enabled) if enabled else int(rt.DriveStatus.torque_off),
                    position=self.position,
                    velocity=velocity,
                )
            )
            time.sleep(0.001)

    def end(self) -> None:
        self._end.set()
        self._thread.join()


class Robot:
    """A run directory, drives, an operator and an rt_control process that always ends."""

    def __init__(self, root: Path) -> None:
        # A busy host must not fail these tests: what is late on purpose is tested in virtual time.
        model = small_model(
            lateness_limit_ns=10**10,
            lateness_limit_degraded_ns=10**10,
            drive_lost_cycles=5000,
            drive_lost_cycles_degraded=5000,
            agent_lease_cycles=10**6,
        )
        self.run = RunDirectory.create("arm", model, {}, root)
        self.states = rt.StateReader(self.run.path("state"))
        self.events = rt.EventReader(self.run.path("events"))
        self.operator = rt.RequestQueue(self.run.path("requests.operator"))
        self.agent = rt.RequestQueue(self.run.path("requests.agent"))
        self.drives = Drives(self.run)
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(executable.path()), "--run-dir", str(self.run.directory), "--cpu", "0", *arguments],
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def state(self) -> rt.State:
        state = self.states.read()
        return rt.State() if state is None else state

    def wait(self, holds: Callable[[rt.State], bool], what: str) -> rt.State:
        wait_for(lambda: holds(self.state()), what)
        return self.state()

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()
        self.drives.end()
        self.run.remove()


@pytest.fixture
def robot(tmp_path: Path) -> Iterator[Robot]:
    robot = Robot(tmp_path)
    try:
        yield robot
    finally:
        robot.end()


def push(queue: rt.RequestQueue, kind: rt.RequestKind, source: rt.Source = rt.Source.none, epoch: int = 0) -> None:
    assert queue.push(rt.Request(kind=kind, source=source, epoch=epoch))


def test_it_serves_commands_and_ends_at_rest_on_sigterm(robot: Robot) -> None:
    process = robot.start()
    robot.wait(lambda state: bool(state.drive_status & rt.DriveStatus.enabled), "drives follow")
    assert robot.state().generation == 1 and not robot.state().latched
    push(robot.agent, rt.RequestKind.grant_authority, rt.Source.jog, epoch=1)
    robot.wait(lambda state: state.authority == rt.Source.jog, "authority")
    jog = rt.CommandWriter(robot.run.path("command.jog"))
    command = rt.Command(epoch=1, source=rt.Source.jog, kind=rt.CommandKind.stream, axes=AXES, count=1)
    command.position[0, :7] = 0.3

    def there() -> bool:
        command.command_id += 1
        command.observation_ns = time.monotonic_ns()
        assert jog.write(command)
        return bool(abs(robot.drives.position[0] - 0.3) < 1e-3)

    wait_for(there, "the jogged position")
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate()
    assert process.returncode == 0, error
    assert robot.state().ended
    statistics = rt.StatisticsReader(robot.run.path("statistics")).read()
    assert statistics is not None and statistics.cycles == sum(statistics.compute)


def test_after_sigkill_the_next_one_begins_latched_until_the_operator_resets(robot: Robot) -> None:
    first = robot.start()
    robot.wait(lambda state: bool(state.drive_status & rt.DriveStatus.enabled), "drives follow")
    push(robot.agent, rt.RequestKind.grant_authority, rt.Source.policy, epoch=6)
    robot.wait(lambda state: state.epoch == 6, "authority")
    first.kill()
    first.communicate()
    push(robot.operator, rt.RequestKind.reset)  # meant for the one that is gone
    robot.start()
    state = robot.wait(lambda state: state.generation == 2 and state.cycle > 50, "a second rt_control")
    assert state.latched and state.first_cause.fault == rt.Fault.restarted
    assert state.epoch_highest == 6
    wait_for(lambda: robot.drives.generation == 2, "drives take the newest one")
    push(robot.agent, rt.RequestKind.reset)
    events: list[rt.Event] = []

    def refused() -> bool:
        events.extend(robot.events.read()[0])
        return any(event.kind == rt.EventKind.request_refused for event in events)

    wait_for(refused, "the agent's reset is refused")
    assert robot.state().latched
    push(robot.operator, rt.RequestKind.reset)
    robot.wait(lambda state: not state.latched and bool(state.drive_status & rt.DriveStatus.enabled), "the reset")


def test_epochs_go_on_where_none_can_have_come_when_the_last_state_cannot_be_read(robot: Robot) -> None:
    path = robot.run.path("state")
    assert rt.StateWriter(path).write(rt.State(generation=1, epoch_highest=77))
    content = bytearray(path.read_bytes())
    content[content.index(struct.pack("<Q", 77))] ^= 1
    path.write_bytes(content)
    robot.start()
    state = robot.wait(lambda state: state.cycle > 0, "rt_control")
    assert state.generation == 2
    assert state.epoch_highest == 2 << 32
    assert state.first_cause.fault == rt.Fault.restarted


def test_requests_that_a_queue_refuses_or_that_are_corrupt_in_it_are_counted(robot: Robot) -> None:
    process = robot.start()
    robot.wait(lambda state: state.cycle > 0, "rt_control")
    process.send_signal(signal.SIGSTOP)
    pushed = [robot.operator.push(rt.Request(kind=rt.RequestKind.hold)) for _ in range(70)]
    assert pushed.count(False) == 6
    with robot.run.path("requests.agent").open("r+b") as file:
        file.seek(64)
        file.write(struct.pack("<Q", 10**6))  # more than any push leaves
    process.send_signal(signal.SIGCONT)
    robot.wait(lambda state: state.requests_lost == 7, "the count of lost requests")


def test_one_that_was_stopped_and_replaced_can_tell_the_drives_nothing(robot: Robot) -> None:
    old = robot.start()
    robot.wait(lambda state: bool(state.drive_status & rt.DriveStatus.enabled), "drives follow")
    old.send_signal(signal.SIGSTOP)
    try:
        robot.start()
        robot.wait(lambda state: state.generation == 2, "a second rt_control")
    finally:
        old.send_signal(signal.SIGCONT)
    _, error = old.communicate()
    assert old.returncode == 3
    assert "another rt_control has taken over" in error
    assert robot.state().generation == 2


def test_without_a_priority_a_simulated_robot_runs_visibly_degraded(robot: Robot) -> None:
    process = robot.start("--priority", "0")
    state = robot.wait(lambda state: bool(state.drive_status & rt.DriveStatus.enabled), "drives follow")
    assert state.realtime & rt.RealtimeStatus.degraded
    assert not state.realtime & rt.RealtimeStatus.fifo
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate()
    assert process.returncode == 0
    assert "SCHED_FIFO is not asked for (give --priority 1 to 98)" in error


def test_without_a_priority_a_real_robot_is_not_armed(tmp_path: Path) -> None:
    with RunDirectory.create("arm", small_model(simulated=0), {}, tmp_path) as run:
        done = subprocess.run(
            [str(executable.path()), "--run-dir", str(run.directory), "--priority", "0"],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "will not arm a real robot without real-time: " in done.stderr
    assert "SCHED_FIFO is not asked for" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--run-dir DIR is missing"),
        (["--run-dir"], "--run-dir needs a value"),
        (["--speed", "3"], "unknown argument '--speed'; usage: rt_control --run-dir DIR"),
        (["--run-dir", "nowhere", "--cpu", "x"], "--cpu is 'x', allowed are -1 to 1023"),
        (["--run-dir", "nowhere", "--priority", "99"], "--priority is '99', allowed are 0 to 98"),
        (["--run-dir", "nowhere", "--priority", "-1"], "--priority is '-1', allowed are 0 to 98"),
        (["--run-dir", "nowhere"], "nowhere is not a run directory: there is no file `lock` in it"),
    ],
)
def test_bad_arguments_end_with_one_line_and_code_2(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(executable.path()), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("rt_control: ") and done.stderr.count("\n") == 1
    assert message in done.stderr
    assert done.stdout == ""


def test_a_missing_channel_is_named(tmp_path: Path) -> None:
    with RunDirectory.create("arm", small_model(), {}, tmp_path) as run:
        run.path("drive.state").unlink()
        done = subprocess.run(
            [str(executable.path()), "--run-dir", str(run.directory)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert f"channel {run.path('drive.state')} cannot be opened" in done.stderr

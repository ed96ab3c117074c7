"""The command lines of the robot's processes, and rt_control started with its own."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from robot_runtime.outlets import Outlets
from robot_runtime.processes import ProcessPlan, RealtimePlacement, RobotPlan
from robot_runtime.supervisor import Supervisor
from rt_control.clock import MonotonicClock
from rt_control.errors import InputError
from tests.rt_control.test_executable import Robot, wait_for


def control_plan(run_dir: Path, outlets: Outlets, fifo: bool = True) -> ProcessPlan:
    plan = RobotPlan(
        run_dir=run_dir,
        robot_file=Path("robot.toml"),
        mission_file=None,
        seed=0,
        score_file=Path("score.json"),
        placement=RealtimePlacement(cpu=0, fifo=fifo),
        watchdog_cycles=5,
        outlets=outlets,
    )
    processes = {item.name: item for item in plan.processes()}
    named = [name for name, item in processes.items() if {"--scope", "--relay", "--watchdog"} & {*item.argv}]
    assert set(named) <= {"rt_control"}, "the devices are rt_control's alone"
    return processes["rt_control"]


def test_rt_control_is_told_its_place_its_priority_and_its_devices() -> None:
    argv = control_plan(Path("run"), Outlets(scope="chip:17", relay="tty", watchdog="dog")).argv
    assert argv[1:] == (
        *("--run-dir", "run", "--cpu", "0", "--priority", "90"),
        *("--scope", "chip:17", "--relay", "tty", "--watchdog", "dog"),
    )


def test_without_permission_and_devices_it_is_told_neither() -> None:
    assert control_plan(Path("run"), Outlets(), fifo=False).argv[1:] == (
        *("--run-dir", "run", "--cpu", "0", "--priority", "0"),
    )


@pytest.fixture
def robot() -> Iterator[Robot]:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as root:
        robot = Robot(Path(root))
        try:
            yield robot
        finally:
            robot.end()


def supervise(robot: Robot, outlets: Outlets, logs: Path) -> Supervisor:
    def cycle() -> int:
        return robot.state().cycle or -1

    plan = control_plan(robot.run.directory, outlets)
    return Supervisor((plan,), {"state": cycle}, MonotonicClock(), logs, os.environ)


@pytest.mark.live
def test_under_the_supervisor_relay_and_watchdog_are_petted_and_the_watchdog_is_disarmed_at_the_end(
    robot: Robot, tmp_path: Path
) -> None:
    device = tmp_path / "watchdog"  # a plain file
    device.touch()
    master, slave = os.openpty()
    supervisor = supervise(robot, Outlets(relay=os.ttyname(slave), watchdog=str(device)), tmp_path)
    try:
        supervisor.start()
        wait_for(lambda: device.read_bytes().startswith(b"pp"), "two pets")
        assert os.read(master, 4)[0] == 0xA5
    finally:
        supervisor.end()
        os.close(master)
        os.close(slave)
    assert re.fullmatch(rb"p+V", device.read_bytes())


@pytest.mark.live
@pytest.mark.parametrize(
    ("outlets", "message"),
    [
        (Outlets(relay="{file}"), "--relay {file} is no serial line: Inappropriate ioctl for device; give one"),
        (Outlets(scope="{file}:x"), "--scope is '{file}:x', allowed are a serial line or CHIP:LINE"),
        (Outlets(watchdog="{file}/x"), "--watchdog {file}/x cannot be opened: Not a directory; give a device"),
    ],
    ids=["relay", "scope", "watchdog"],
)
def test_a_device_that_cannot_be_used_is_refused_with_rt_controls_own_line(
    robot: Robot, tmp_path: Path, outlets: Outlets, message: str
) -> None:
    file = tmp_path / "file"
    file.touch()
    named = Outlets(**{name: device.format(file=file) for name, device in outlets.named()})
    supervisor = supervise(robot, named, tmp_path)
    try:
        with pytest.raises(InputError, match=re.escape(message.format(file=file))):
            supervisor.start()
    finally:
        supervisor.end()

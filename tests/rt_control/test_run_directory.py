"""The run directory: who owns it, and what a second or a crashed run meets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rt_control import _native as rt
from rt_control.channels import RunDirectory, clean
from rt_control.errors import InputError
from tests.rt_control.rig import small_model

HOLD = """
import sys
from pathlib import Path
from rt_control.channels import RunDirectory
from tests.rt_control.rig import small_model
run = RunDirectory.create("arm", small_model(), {}, Path(sys.argv[1]))
print("made", flush=True)
sys.stdin.read()
run.remove()
"""


def test_a_run_directory_holds_every_channel_and_goes_without_a_trace(tmp_path: Path) -> None:
    with RunDirectory.create("arm", small_model(), {"wrist": (32, 16, True)}, tmp_path) as run:
        assert run.directory == tmp_path / "arm"
        assert run.directory.stat().st_mode & 0o777 == 0o700
        assert all(file.stat().st_mode & 0o777 == 0o600 for file in run.directory.iterdir())
        other = RunDirectory.open("arm", tmp_path)
        assert rt.RobotModel.from_bytes(other.path("robot").read_bytes()) == small_model()
        assert rt.StateReader(other.path("state")).read() is None
        assert rt.CommandWriter(other.path("command.policy")).generation == 1
        assert rt.FrameReader(other.path("frame.wrist")).read() is None
        assert other.endpoint("agent.api") == f"ipc://{tmp_path}/arm/agent.api.sock"
        other.remove()
        assert run.directory.exists()  # who only opened it does not remove it
    assert list(tmp_path.iterdir()) == []


def test_a_robot_that_runs_cannot_be_started_or_cleaned(tmp_path: Path) -> None:
    with RunDirectory.create("arm", small_model(), {}, tmp_path):
        with pytest.raises(InputError, match=rf"robot 'arm' runs already \(process {os.getpid()}, .*\); end that run"):
            RunDirectory.create("arm", small_model(), {}, tmp_path)
        with pytest.raises(InputError, match=rf"robot 'arm' runs \(process {os.getpid()}, .*\); end that run first"):
            clean("arm", tmp_path)
        with RunDirectory.create("other", small_model(), {}, tmp_path):
            pass


def test_remains_of_a_crashed_run_are_named_with_their_mend(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert child.stdout is not None and child.stdout.readline() == b"made\n"
        with pytest.raises(InputError, match=f"process {child.pid}"):
            RunDirectory.create("arm", small_model(), {}, tmp_path)
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    with pytest.raises(InputError, match="remains of a run of robot 'arm'.* `dynamical rt clean arm`") as error:
        RunDirectory.create("arm", small_model(), {}, tmp_path)
    assert str(tmp_path / "arm") in str(error.value)
    assert clean("arm", tmp_path)
    assert not clean("arm", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_opening_a_robot_that_does_not_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="robot 'arm' does not run .* start it with `dynamical run`"):
        RunDirectory.open("arm", tmp_path)


@pytest.mark.parametrize("name", ["", "../arm", "a/b", ".hidden", "a" * 65, "ä"])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="robot name"):
        RunDirectory.create(name, small_model(), {}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_while_making_the_channels_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="camera name 'a/b'"):
        RunDirectory.create("arm", small_model(), {"a/b": (8, 8, False)}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_socket_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    root = tmp_path / ("r" * 100)
    with (
        RunDirectory.create("arm", small_model(), {}, root) as run,
        pytest.raises(InputError, match="a unix socket at most 107; use a shorter root"),
    ):
        run.endpoint("agent.api")

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from robot_runtime.run_folders import run_folders, running_robot
from rt_control.errors import InputError


def remains(root: Path, robot: str) -> Path:
    folder = root / robot
    folder.mkdir(parents=True)
    (folder / "lock").write_text("4711")
    (folder / "state").write_bytes(b"old")
    return folder


@contextmanager
def running(root: Path, robot: str) -> Iterator[Path]:
    folder = remains(root, robot)
    with (folder / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def test_a_folder_whose_lock_is_held_runs_and_another_is_what_a_crash_left(tmp_path: Path) -> None:
    remains(tmp_path, "arm6")
    with running(tmp_path, "arm7"):
        assert [(item.robot, item.running) for item in run_folders(tmp_path)] == [("arm6", False), ("arm7", True)]
    assert [item.running for item in run_folders(tmp_path)] == [False, False]


def test_there_are_no_folders_where_nothing_ran(tmp_path: Path) -> None:
    assert run_folders(tmp_path / "none") == ()


def test_the_only_running_robot_needs_no_name(tmp_path: Path) -> None:
    with running(tmp_path, "arm7"):
        assert running_robot(None, tmp_path).robot == "arm7"
        with running(tmp_path, "arm8"), pytest.raises(InputError, match="several robots run: arm7, arm8; name one"):
            running_robot(None, tmp_path)


def test_a_robot_that_does_not_run_is_refused_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no robot runs; start one with `dynamical run`"):
        running_robot(None, tmp_path)
    remains(tmp_path, "arm6")
    with running(tmp_path, "arm7"):
        with pytest.raises(InputError, match="'arm9' does not run; running: arm7"):
            running_robot("arm9", tmp_path)
        with pytest.raises(
            InputError, match="'arm6' does not run; a crashed run left remains, see `dynamical rt clean arm6`"
        ):
            running_robot("arm6", tmp_path)

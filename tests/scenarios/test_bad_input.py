"""What `dynamical run` says when it cannot run: one line with what, where and the mend, exit code 2, nothing left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from robot_runtime.live import LiveRobot
from robot_runtime.run_options import RunOptions
from rt_control import channels
from rt_control.description import load_robot

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
SWING = Path(__file__).with_name("swing.xml")
LIMIT_S = 120.0
HOLD_AND_DIE = """
import os, sys
from pathlib import Path
from rt_control.channels import RunDirectory
from rt_control.description import load_robot
from rt_control.model_compiler import compile_model
RunDirectory.create("arm7", compile_model(load_robot("arm7")), {}, Path(sys.argv[1]))
os._exit(1)
"""


def refused(root: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Run `dynamical run` with bad input; returns the one line that it says."""
    done = subprocess.run(
        [sys.executable, "-m", "robot_runtime.cli", "run", "--root", str(root), *arguments],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        check=False,
    )
    assert done.returncode == 2, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("dynamical: error: ")
    return lines[0]


def changed_robot(folder: Path, change: Callable[[str], str]) -> Path:
    """A copy of arm7's robot file with a change, beside links to what it names."""
    description = load_robot("arm7")
    text = description.path.read_text()
    text = text.replace('model = "arm7.xml"', f'model = "{description.model_path}"')
    text = text.replace('world = "../../sim/worlds/sort_table.xml"', f'world = "{description.world_path}"')
    path = folder / "robot.toml"
    path.write_text(change(text))
    return path


def test_an_unknown_robot_is_answered_with_those_that_there_are(shared_root: Path) -> None:
    line = refused(shared_root, "--robot", "arm8")
    assert "arm8" in line and "arm7" in line


def test_a_robot_file_with_an_unknown_key_is_refused_by_name(shared_root: Path, tmp_path: Path) -> None:
    path = changed_robot(tmp_path, lambda text: text.replace("simulated = true", "simulated = true\ncolour = 1"))
    line = refused(shared_root, "--robot", str(path))
    assert str(path) in line and "colour" in line


def test_a_robot_file_with_a_negative_limit_is_refused_by_name(shared_root: Path, tmp_path: Path) -> None:
    path = changed_robot(tmp_path, lambda text: text.replace("velocity = 2.175", "velocity = -2.175", 1))
    line = refused(shared_root, "--robot", str(path))
    assert str(path) in line and "velocity" in line and "joint1" in line


def test_a_missing_mission_is_refused(shared_root: Path) -> None:
    line = refused(shared_root, "no_such_mission.xml")
    assert "no_such_mission.xml" in line and "sort_table" in line


@pytest.mark.parametrize(
    ("before", "after", "named", "mend"),
    [
        ('<MoveTo pose="over_left_bin"/>', '<MoveToo pose="over_left_bin"/>', "MoveToo", "MoveTo"),
        ('<MoveTo pose="over_left_bin"/>', '<MoveTo place="over_left_bin"/>', "place", "pose"),
    ],
    ids=["an unknown node", "an unknown port"],
)
def test_a_mission_that_names_what_is_not_there_is_refused(
    shared_root: Path, tmp_path: Path, before: str, after: str, named: str, mend: str
) -> None:
    path = tmp_path / "mission.xml"
    path.write_text(SWING.read_text().replace(before, after, 1))
    line = refused(shared_root, str(path))
    assert str(path) in line and named in line and mend in line


def test_the_remains_of_a_crashed_run_are_named_with_the_command_that_removes_them(shared_root: Path) -> None:
    subprocess.run([sys.executable, "-c", HOLD_AND_DIE, str(shared_root)], cwd=ROOT, check=False, timeout=LIMIT_S)
    line = refused(shared_root)
    assert str(shared_root / "arm7") in line and "dynamical rt clean" in line
    assert channels.clean("arm7", shared_root)


def test_a_second_run_of_the_same_robot_is_refused_and_the_first_goes_on(shared_root: Path) -> None:
    with LiveRobot(RunOptions(SWING, "arm7", root=shared_root, progress=False)) as first:
        line = refused(shared_root)
        assert "arm7" in line and str(os.getpid()) in line
        assert (first.run.directory / "lock").exists()


def test_without_off_screen_gl_the_missing_packages_are_named(shared_root: Path, tmp_path: Path) -> None:
    for name in ("libEGL.so", "libEGL.so.1", "libOSMesa.so", "libOSMesa.so.6", "libOSMesa.so.8"):
        (tmp_path / name).write_bytes(b"")  # found first, and no library
    line = refused(shared_root, environment={"LD_LIBRARY_PATH": str(tmp_path)})
    assert "libegl1" in line

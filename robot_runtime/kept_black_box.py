"""Black boxes of runs that ended badly: the run directory goes with the run, its box stays."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from rt_control import _native as native


def folder() -> Path:
    """Where they are kept: the newest for each robot."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "dynamical"


def path_of(robot: str, into: Path) -> Path:
    """Of the box of one robot."""
    return into / f"{robot}.blackbox"


def is_worth_keeping(state: native.State | None, process_lost: bool) -> bool:
    """Whether somebody will ask why.

    Args:
        state: the last one of `rt_control`.
        process_lost: a process of the robot ended that was not asked to.
    """
    return process_lost or (state is not None and bool(state.latched))


def keep(run_directory: Path, robot: str, into: Path) -> None:
    """Copy the box of a run, over the one that was kept of this robot before. Does nothing if there is none."""
    box = run_directory / "blackbox"
    if box.is_file():
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(box, path_of(robot, into))

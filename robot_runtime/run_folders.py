"""The folders in shared memory in which robots run, and those that a crash left behind."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from rt_control.channels import default_root
from rt_control.errors import InputError


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run directory.

    Attributes:
        robot: name of the robot.
        path: of the directory.
        running: whether a supervisor holds its lock; False: remains of a crashed run.
    """

    robot: str
    path: Path
    running: bool


def run_folders(root: Path | None = None) -> tuple[RunFolder, ...]:
    """Every run directory, by name of the robot.

    Args:
        root: folder of the run directories; None: this user's.
    """
    folder = root or default_root()
    if not folder.is_dir():
        return ()
    return tuple(
        RunFolder(path.name, path, _is_locked(path / "lock")) for path in sorted(folder.iterdir()) if path.is_dir()
    )


def running_robot(name: str | None, root: Path | None = None) -> RunFolder:
    """The robot that a command means.

    Args:
        name: of the robot; None: the only one that runs.
        root: folder of the run directories; None: this user's.

    Raises:
        InputError: it does not run, or the name is needed because several run.
    """
    folders = run_folders(root)
    running = [folder for folder in folders if folder.running]
    names = ", ".join(folder.robot for folder in running)
    if name is not None:
        found = next((folder for folder in folders if folder.robot == name), None)
        if found is None or not found.running:
            remains = f"; a crashed run left remains, see `dynamical rt clean {name}`" if found is not None else ""
            raise InputError(
                f"robot {name!r} does not run{remains}; running: {names or 'none'}; start with `dynamical run`"
            )
        return found
    if not running:
        raise InputError("no robot runs; start one with `dynamical run`")
    if len(running) > 1:
        raise InputError(f"several robots run: {names}; name one of them")
    return running[0]


def _is_locked(lock: Path) -> bool:
    """Whether another process holds the lock. Asking takes it for a moment, shared, and gives it back."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False

"""The run directory: where the channels and sockets of one running robot lie, and who owns them."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rt_control.errors import InputError

if TYPE_CHECKING:
    from rt_control._native import RobotModel

COMMAND_SOURCES = ("agent", "policy", "fallback", "jog")
CONSTRAINT_SOURCES = ("agent", "perception", "fallback", "safety_model")
HEARTBEAT_SOURCES = ("agent", "policy", "fallback", "perception", "cameras", "plant")
WORLD_BYTES = 65536

# sockaddr_un holds 108 bytes with the closing zero.
SOCKET_PATH_BYTES = 107

_ROBOT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def default_root() -> Path:
    """Where the run directories of this user lie: memory, not a disk."""
    return Path(f"/dev/shm/dynamical-{os.getuid()}")


class RunDirectory:
    """The directory of one running robot. The one who made it holds its lock and removes it; others open it.

    As a context manager it removes what it made, and leaves alone what it opened.
    """

    def __init__(self, path: Path, lock_descriptor: int | None = None) -> None:
        """For `create` and `open`."""
        self._path = path
        self._lock_descriptor = lock_descriptor

    @classmethod
    def create(
        cls,
        robot: str,
        model: RobotModel,
        cameras: Mapping[str, tuple[int, int, bool]],
        root: Path | None = None,
    ) -> RunDirectory:
        """Make the directory with every channel in it, and hold its lock.

        Args:
            robot: name of the robot.
            model: compiled description, written to the file `robot`.
            cameras: width and height in pixels, and whether there is a depth image, by name.
            root: directory of run directories; the user's own in /dev/shm by default.

        Raises:
            InputError: the robot runs already, remains of a crashed run are there, or a name cannot be used.
        """
        root, path = _locate(robot, root)
        with _root_locked(root):
            if path.exists():
                _refuse_existing(robot, path)
            path.mkdir(mode=0o700)
            lock_descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock_descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(lock_descriptor, f"{os.getpid()}\n".encode())
        run = cls(path, lock_descriptor)
        try:
            run._make_channels(model, cameras)
        except BaseException:
            run.remove()
            raise
        return run

    @classmethod
    def open(cls, robot: str, root: Path | None = None) -> RunDirectory:
        """The directory of a robot that somebody else runs.

        Raises:
            InputError: the robot does not run.
        """
        path = _locate(robot, root)[1]
        if not (path / "lock").exists():
            raise InputError(f"robot {robot!r} does not run ({path} is not there); start it with `dynamical run`")
        return cls(path)

    @classmethod
    def at(cls, path: Path) -> RunDirectory:
        """The directory at a path, for a process that was given it on its command line.

        Raises:
            InputError: it is not a run directory, or the run is over: nobody holds its lock.
        """
        if _holder(path) is None:
            raise InputError(f"{path} is not the directory of a running robot; start it with `dynamical run`")
        return cls(path)

    @property
    def directory(self) -> Path:
        """Where it lies."""
        return self._path

    def path(self, name: str) -> Path:
        """Of a channel, e.g. `state` or `command.policy`."""
        return self._path / name

    def endpoint(self, name: str) -> str:
        """ZeroMQ endpoint of a socket, e.g. `agent.api`.

        Raises:
            InputError: the path is longer than a unix socket may have.
        """
        path = self._path / f"{name}.sock"
        length = len(os.fsencode(path))
        if length > SOCKET_PATH_BYTES:
            raise InputError(
                f"socket {path}: the path has {length} bytes, a unix socket at most {SOCKET_PATH_BYTES};"
                " use a shorter root directory or robot name"
            )
        return f"ipc://{path}"

    def remove(self) -> None:
        """Delete the directory with all in it and give up its lock. Does nothing for one that was only opened."""
        if self._lock_descriptor is None:
            return
        with _root_locked(self._path.parent):
            shutil.rmtree(self._path, ignore_errors=True)
        os.close(self._lock_descriptor)
        self._lock_descriptor = None
        _remove_if_empty(self._path.parent)

    def __enter__(self) -> RunDirectory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _make_channels(self, model: RobotModel, cameras: Mapping[str, tuple[int, int, bool]]) -> None:
        from rt_control import _native

        descriptor = os.open(self.path("robot"), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(model.to_bytes())
        _native.create_state(self.path("state"))
        _native.create_statistics(self.path("statistics"))
        _native.create_events(self.path("events"))
        for origin in ("agent", "operator"):
            _native.create_requests(self.path(f"requests.{origin}"))
        for source in COMMAND_SOURCES:
            _native.create_command(self.path(f"command.{source}"))
        for source in CONSTRAINT_SOURCES:
            _native.create_constraints(self.path(f"constraints.{source}"))
        for source in HEARTBEAT_SOURCES:
            _native.create_heartbeat(self.path(f"heartbeat.{source}"))
        _native.create_drive_command(self.path("drive.command"))
        _native.create_drive_state(self.path("drive.state"))
        for camera, (width, height, has_depth) in cameras.items():
            if _ROBOT_NAME.fullmatch(camera) is None:
                raise InputError(f"camera name {camera!r}: use letters, digits, '_', '.' and '-', at most 64")
            _native.create_frame(self.path(f"frame.{camera}"), width, height, has_depth)
        _native.create_bytes(self.path("world"), WORLD_BYTES)


def clean(robot: str, root: Path | None = None) -> bool:
    """Remove what a crashed run of the robot left behind.

    Returns:
        Whether there was anything.

    Raises:
        InputError: the robot runs.
    """
    root, path = _locate(robot, root)
    if not path.exists():
        return False
    with _root_locked(root):
        pid = _holder(path)
        if pid is not None:
            raise InputError(f"robot {robot!r} runs (process {pid}, {path}); end that run first")
        shutil.rmtree(path)
    _remove_if_empty(root)
    return True


def _locate(robot: str, root: Path | None) -> tuple[Path, Path]:
    if _ROBOT_NAME.fullmatch(robot) is None:
        raise InputError(
            f"robot name {robot!r}: must begin with a letter or digit; allowed then are letters, digits, '_', '.'"
            " and '-', at most 64 in all"
        )
    root = default_root() if root is None else root
    return root, root / robot


def _refuse_existing(robot: str, path: Path) -> None:
    pid = _holder(path)
    if pid is not None:
        raise InputError(f"robot {robot!r} runs already (process {pid}, {path}); end that run first")
    raise InputError(
        f"{path} holds the remains of a run of robot {robot!r} that crashed;"
        f" remove them with `dynamical rt clean {robot}`"
    )


def _holder(path: Path) -> str | None:
    """Process that holds the lock of a run directory; None if nobody does."""
    try:
        descriptor = os.open(path / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
    finally:
        os.close(descriptor)
    return None


@contextmanager
def _root_locked(root: Path) -> Iterator[None]:
    """Hold the root directory, so that nobody meets a run directory that is half made or half removed.

    Raises:
        InputError: the root directory cannot be made, or belongs to somebody else.
    """
    while True:
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:  # the last run of this user removed it in between
            continue
        except OSError as error:
            raise InputError(f"{root}: {error.strerror}; give a directory that you may write") from None
        try:
            if os.fstat(descriptor).st_uid != os.getuid():
                raise InputError(f"{root} belongs to another user; remove it or give another root directory")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_same(descriptor, root):
                yield
                return
        finally:
            os.close(descriptor)


def _is_same(descriptor: int, root: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), root.stat())
    except FileNotFoundError:
        return False


def _remove_if_empty(root: Path) -> None:
    if root == default_root():
        try:
            root.rmdir()
        except OSError:  # other robots of this user run
            return

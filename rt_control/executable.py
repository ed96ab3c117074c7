"""Where the `rt_control` executable lies."""

from __future__ import annotations

from pathlib import Path

from rt_control.errors import InputError


def path() -> Path:
    """Of the executable that was built with this package.

    Raises:
        InputError: it was not built.
    """
    executable = Path(__file__).resolve().parent / "bin" / "rt_control"
    if not executable.exists():
        raise InputError(f"{executable} is missing; build it with `pip install -e .`")
    return executable

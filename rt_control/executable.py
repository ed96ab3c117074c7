"""Where the executables of this package lie."""

from __future__ import annotations

from pathlib import Path

from rt_control.errors import InputError


def path(name: str = "rt_control") -> Path:
    """Of an executable that was built with this package.

    Args:
        name: `rt_control`, or `cycle_bench`, which times its cycles.

    Raises:
        InputError: it was not built.
    """
    executable = Path(__file__).resolve().parent / "bin" / name
    if not executable.exists():
        raise InputError(f"{executable} is missing; build it with `pip install -e .`")
    return executable

"""Builds the C++ test programs of this folder, once plain and once for each sanitizer, and runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "native_tests"

PLAIN = ""
ADDRESS = "address,undefined"
THREAD = "thread"


@cache
def program(name: str, sanitize: str = PLAIN) -> str:
    """Build one test program, and return its path; only what changed is built again."""
    cmake, options = tools()
    build = BUILD / (sanitize.partition(",")[0] or "plain")
    run(cmake, "-S", str(HERE), "-B", str(build), "-G", "Ninja", *options, f"-DSANITIZE={sanitize}")
    run(cmake, "--build", str(build), "--target", name)
    return str(build / name)


@cache
def tools() -> tuple[str, tuple[str, ...]]:
    """CMake, and the options that name Ninja and Eigen: the build requirements of this environment."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    cmake, ninja = shutil.which("cmake", path=path), shutil.which("ninja", path=path)
    assert cmake is not None and ninja is not None, "install cmake and ninja: they are build requirements"
    return cmake, (f"-DCMAKE_MAKE_PROGRAM={ninja}", f"-DCMAKE_PREFIX_PATH={_eigen_prefix()}")


def run(*command: str, code: int | None = 0) -> str:
    """What a command printed; fails with it when the exit code is another (None: any)."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert code is None or done.returncode == code, (
        f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    )
    return done.stdout


def values_of(output: str) -> dict[str, float]:
    """The `name=value` lines of a program."""
    return {name: float(value) for name, value in (line.split("=") for line in output.split())}


def _eigen_prefix() -> str:
    """Where the Eigen headers of the build requirement cmeel-eigen lie; empty if only the system may have them."""
    prefixes = [Path(entry or ".") / "cmeel.prefix" for entry in sys.path]
    return next((str(prefix) for prefix in prefixes if (prefix / "include" / "eigen3").exists()), "")

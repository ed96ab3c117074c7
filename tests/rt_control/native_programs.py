"""Builds the C++ test programs of this folder, once plain and once for each sanitizer, and runs them."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "native_tests"

PLAIN = ""
ADDRESS = "address,undefined"
THREAD = "thread"


def eigen_prefix() -> str:
    """Where the Eigen headers of the build requirement cmeel-eigen lie; empty if only the system may have them."""
    prefixes = [Path(entry or ".") / "cmeel.prefix" for entry in sys.path]
    return next((str(prefix) for prefix in prefixes if (prefix / "include" / "eigen3").exists()), "")


def run(*command: str) -> str:
    """Run a command that must succeed, and return what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@functools.cache
def program(name: str, sanitize: str = PLAIN) -> str:
    """Build one test program, and return its path."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    cmake, ninja = shutil.which("cmake", path=path), shutil.which("ninja", path=path)
    assert cmake is not None and ninja is not None, "install cmake and ninja: they are build requirements"
    build = BUILD / (sanitize.partition(",")[0] or "plain")
    tools = (f"-DCMAKE_MAKE_PROGRAM={ninja}", f"-DCMAKE_PREFIX_PATH={eigen_prefix()}", f"-DSANITIZE={sanitize}")
    run(cmake, "-S", str(HERE), "-B", str(build), "-G", "Ninja", *tools)
    run(cmake, "--build", str(build), "--target", name)
    return str(build / name)


def counts(output: str) -> dict[str, int]:
    """What a program counted: its `name=count` words."""
    return {name: int(count) for name, count in (word.split("=") for word in output.split())}

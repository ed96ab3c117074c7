"""The real-time path never touches the heap: a C++ program counts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "allocation_guard"


def eigen_prefix() -> str:
    """Where the Eigen headers of the build requirement cmeel-eigen lie; empty if only the system may have them."""
    prefixes = [Path(entry or ".") / "cmeel.prefix" for entry in sys.path]
    return next((str(prefix) for prefix in prefixes if (prefix / "include" / "eigen3").exists()), "")


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def build_guard(name: str) -> str:
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    cmake, ninja = shutil.which("cmake", path=path), shutil.which("ninja", path=path)
    assert cmake is not None and ninja is not None, "install cmake and ninja: they are build requirements"
    tools = (f"-DCMAKE_MAKE_PROGRAM={ninja}", f"-DCMAKE_PREFIX_PATH={eigen_prefix()}")
    run(cmake, "-S", str(HERE), "-B", str(BUILD), "-G", "Ninja", *tools)
    run(cmake, "--build", str(BUILD), "--target", name)
    return str(BUILD / name)


def counts_of(program: str) -> dict[str, int]:
    return {name: int(count) for name, count in (line.split("=") for line in run(program).split())}


def test_100_000_cycles_with_stops_resets_and_refusals_allocate_nothing() -> None:
    counts = counts_of(build_guard("allocation_guard"))
    assert counts["cycles"] == 100_000
    assert counts["guard"] > 0, "the guard counts nothing"
    assert counts["allocations"] == 0
    assert min(counts[name] for name in ("moving", "latched", "resets", "refused_commands", "refused_requests")) > 10


def test_estimator_and_contact_observer_allocate_nothing() -> None:
    counts = counts_of(build_guard("dynamics_guard"))
    assert counts["guard"] > 0, "the guard counts nothing"
    assert counts["allocations"] == 0
    assert min(counts[name] for name in ("contacts", "outliers", "refused", "reseeded")) > 10

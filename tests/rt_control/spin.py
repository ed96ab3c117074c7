"""Runs Spin on a model of rt_control/proof: every state that the model can reach, or a trace that it has to follow."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROOF = Path(__file__).parents[2] / "rt_control" / "proof"
MEMORY_MB = 3000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Spin found.

    Attributes:
        errors: violated assertions, 0 or 1: it ends with the first.
        states: distinct states that it stored.
        complete: whether no limit cut the search.
        output: all that it printed.
    """

    errors: int
    states: int
    complete: bool
    output: str


def tool(name: str) -> str:
    """The path of a program that the proofs need."""
    found = shutil.which(name)
    assert found is not None, f"{name} is not installed, and the proofs of the channels need it: apt-get install {name}"
    return found


def verify(
    model: str, macros: Iterable[str], folder: Path, *, include: Path | None = None, optimize: str = "-O2"
) -> Verdict:
    """Search all states of a model.

    Args:
        model: a file of rt_control/proof.
        macros: `NAME` or `NAME=value`, set for this run.
        folder: to build in.
        optimize: of the compiler; a search that ends early is over sooner without.
        include: where the headers lie that the model includes.
    """
    defines = [f"-D{macro}" for macro in macros]
    folder.mkdir(parents=True, exist_ok=True)
    _run(folder, tool("spin"), "-a", *defines, str(PROOF / model))
    headers = [] if include is None else [f"-I{include}"]
    flags = (optimize, "-w", "-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=2048", f"-DMEMLIM={MEMORY_MB}")
    _run(folder, tool("cc"), *flags, *headers, "-o", "pan", "pan.c")
    output = _run(folder, str(folder / "pan"), "-E", "-m1000000")
    errors = re.search(r"errors: (\d+)", output)
    states = re.search(r"(\d+) states, stored", output)
    assert errors is not None and states is not None, output
    cut = "max search depth too small" in output or "out of memory" in output or "not completed" in output
    return Verdict(int(errors[1]), int(states[1]), not cut or int(errors[1]) > 0, output)


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout

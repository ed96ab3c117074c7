"""The ledger of the last run: the run directory goes with the run, what perception's looks cost stays."""

from __future__ import annotations

import shutil
from pathlib import Path

LEDGER_FILE = "ledger.jsonl"


def path_of(robot: str, into: Path) -> Path:
    """Where that of one robot is kept."""
    return into / f"{robot}.{LEDGER_FILE}"


def keep(run_directory: Path, robot: str, into: Path) -> None:
    """Copy the ledger of a run, over that of the robot's run before. Does nothing if there is none."""
    ledger = run_directory / LEDGER_FILE
    if ledger.is_file():
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(ledger, path_of(robot, into))

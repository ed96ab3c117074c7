"""The demo mission in virtual time with colours and sizes that no model was trained on, one seed after the other."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from behaviours.workcell import Workcell
from benchmarks.campaigns import sorting
from benchmarks.campaigns.sorting import Piece
from robot_runtime.lockstep import MISSION_LIMIT_S, Lockstep, LockstepOptions
from robot_runtime.report import Figure
from rt_control.description import load_robot
from sim.other_objects import write_other_objects
from trees.mission import load_mission, mission_text

PIECES = 50

__all__ = ["PIECES", "Piece", "figures", "piece"]


def piece(number: int) -> Piece:
    """Run one seed with the real cascade on rendered images."""
    with tempfile.TemporaryDirectory(prefix="dynamical-objects-") as folder:
        other = write_other_objects(load_robot("arm7"), number, Path(folder))
        text = mission_text("sort_table")[1]
        for old, new in other.renamed.items():
            text = text.replace(f'"{old}"', f'"{new}"')
        mission_file = Path(folder) / "mission.xml"
        mission_file.write_text(text, encoding="utf-8")
        description = load_robot(other.robot_file)
        mission = load_mission(str(mission_file), Workcell.of(description).known_names)
        lockstep = Lockstep(description, mission, LockstepOptions(seed=number))
        begun = time.perf_counter()
        try:
            lockstep.run(MISSION_LIMIT_S)
            return sorting.piece_of(number, lockstep.result(), time.perf_counter() - begun)
        finally:
            lockstep.close()


def figures(pieces: Sequence[Piece]) -> list[Figure]:
    """How many seeds succeeded."""
    return sorting.figures(pieces)

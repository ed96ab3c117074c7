"""The local planner between 20 boxes, one of which appears on the way: 500 scenes, judged by the physics."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from robot_runtime.evaluation import planner_figures
from robot_runtime.evaluation.planner_trial import PlannerEpisode, try_scene
from robot_runtime.report import Figure
from rt_control.description import load_robot

PIECES = 50
SCENES = 10  # in each piece
FIRST_SEED = 1000  # none that was looked at while the planner was made


class Piece(msgspec.Struct, frozen=True):
    """Some scenes."""

    episodes: list[PlannerEpisode]

    def __str__(self) -> str:
        arrived = sum(item.arrived for item in self.episodes)
        touched = sum(bool(item.touched) for item in self.episodes)
        first = self.episodes[0].seed
        return f"seeds from {first}: {arrived} of {len(self.episodes)} arrived, {touched} touched something"


def piece(number: int) -> Piece:
    """Try some scenes."""
    description = load_robot("arm7")
    first = FIRST_SEED + number * SCENES
    return Piece([try_scene(description, seed) for seed in range(first, first + SCENES)])


def figures(pieces: Sequence[Piece]) -> list[Figure]:
    """All of them together."""
    return planner_figures.figures([episode for item in pieces for episode in item.episodes])

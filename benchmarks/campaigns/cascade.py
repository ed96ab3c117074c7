"""The cascade beside always level 1, always level 2, looks by lot and an oracle, episode after episode."""

from __future__ import annotations

from collections.abc import Sequence

from robot_runtime.evaluation import cascade_figures
from robot_runtime.evaluation.cascade_trial import EpisodeResult as Piece
from robot_runtime.evaluation.cascade_trial import open_trial
from robot_runtime.report import Figure
from sim.evaluation_sequences import EPISODE_FRAMES

__all__ = ("PIECES", "Piece", "figures", "piece")

PIECES = 24
SEED = 0  # as that of `dynamical eval cascade`


def piece(number: int) -> Piece:
    """Measure one episode."""
    with open_trial() as trial:
        return trial.episode(SEED, number, EPISODE_FRAMES, sweep=False)


def figures(pieces: Sequence[Piece]) -> list[Figure]:
    """As `dynamical eval cascade` shows them."""
    return cascade_figures.figures(pieces) if pieces else []

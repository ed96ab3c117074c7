"""Sums up what came of the scenes of the local planner."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot_runtime.evaluation.planner_trial import PlannerEpisode
from robot_runtime.report import Figure, figure


def figures(episodes: Sequence[PlannerEpisode]) -> list[Figure]:
    """All scenes together.

    Args:
        episodes: at least one.
    """
    touched = [item for item in episodes if item.touched]
    failed = [item for item in episodes if not item.arrived]
    arrived = [item.duration_s for item in episodes if item.arrived]
    count = len(episodes)
    found = [
        figure("scenes in which something was touched", len(touched), f"of {count}", at_most=0.0, note=_seeds(touched)),
        figure("there and back", count - len(failed), f"of {count}", note=_seeds(failed)),
        figure("a box appeared in the way", sum(item.appeared for item in episodes), f"of {count}"),
    ]
    if arrived:
        found.append(figure("there and back, median", float(np.median(arrived)), "s"))
    return found


def _seeds(episodes: Sequence[PlannerEpisode]) -> str:
    if not episodes:
        return ""
    more = ", ..." if len(episodes) > 3 else ""
    return "; ".join(f"seed {item.seed}: {', '.join(item.touched) or item.reason}" for item in episodes[:3]) + more

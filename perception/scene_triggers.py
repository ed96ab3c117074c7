"""Whether the scene as a whole deserves a look of level 3, with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from perception.observation import Vector
from perception.triggers import SceneReason, TriggerConfig

NOTHING_KNOWN = 1.0  # novelty of a thing when there is nothing to compare it with: as of one at right angles to all


@dataclass(frozen=True, slots=True)
class Situation:
    """What the reasons are judged by.

    Attributes:
        person_distance_m: the careful one, see `perception.person_range`; None: nobody is seen.
        occluded: share that is covered of the most covered thing that matters, 0..1.
        high_value_task: the running skill says that it is.
        novelty: of the most novel thing in view, see `novelty`; None: nothing was looked at.
        since_last_s: since the last look at the scene; None: there was none.
    """

    person_distance_m: float | None
    occluded: float
    high_value_task: bool
    novelty: float | None
    since_last_s: float | None


def scene_look_wanted(now: Situation, config: TriggerConfig) -> tuple[SceneReason, ...]:
    """Why level 3 should look at the scene, the most urgent reason first; empty: it should not."""
    if now.since_last_s is not None and now.since_last_s < config.scene_interval_s:
        return ()
    applies = {
        SceneReason.PERSON: now.person_distance_m is not None and now.person_distance_m < config.person_m,
        SceneReason.NOVEL: now.novelty is not None and now.novelty > config.novelty,
        SceneReason.OCCLUSION: now.occluded > config.occluded,
        SceneReason.HIGH_VALUE: now.high_value_task,
        SceneReason.OVERDUE: now.since_last_s is None or now.since_last_s > config.scene_overdue_s,
    }
    return tuple(reason for reason in SceneReason if applies[reason] and reason not in config.off)


def novelty(embeddings: Sequence[Vector], known: npt.NDArray[np.float32]) -> float | None:
    """1 - cosine of the most novel embedding to its nearest known one, 0..2; None without embeddings.

    Args:
        embeddings: (d,) each, of length 1.
        known: (k, d), of length 1, of the things that the models were trained on.
    """
    if not embeddings:
        return None
    if len(known) == 0:
        return NOTHING_KNOWN
    nearest = (np.stack(embeddings) @ known.T).max(axis=1)
    return float(1.0 - nearest.min())

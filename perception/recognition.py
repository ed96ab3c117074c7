"""Whether a thing that has just been looked at is one that was lost: by its looks and by its place, both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perception.association import Pairs, assign, cosines
from perception.track_motion import Movement
from perception.tracks import PERSON, TrackRecord


@dataclass(frozen=True, slots=True)
class RecognitionConfig:
    """How alike two things must be to be one.

    Attributes:
        similarity: least cosine of their embeddings.
        distance_m: farthest place from where the lost one was.
        distance_sizes: the same in sizes of its box, where not both have a position.
    """

    similarity: float = 0.7
    distance_m: float = 0.15
    distance_sizes: float = 2.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.similarity <= 1.0:
            raise ValueError(f"similarity is {self.similarity}; it must be in 0..1")
        for name in ("distance_m", "distance_sizes"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must exceed 0")


def recognise(
    records: Sequence[TrackRecord],
    movements: Sequence[Movement | None],
    looked: Sequence[int],
    missing: Sequence[int],
    config: RecognitionConfig,
) -> Pairs:
    """Which new things are which lost ones, as (new row, lost row); the likest first, none twice, people never.

    Args:
        records: of all tracks.
        movements: of all tracks.
        looked: rows that were looked at for the first time.
        missing: rows that are not seen.
        config: the gates.
    """
    looked = [row for row in looked if records[row].label != PERSON]
    lost = [row for row in missing if records[row].is_hidden and records[row].label != PERSON]
    similarity = cosines([records[row].embedding for row in looked], [records[row].embedding for row in lost])
    cost = np.where(similarity >= config.similarity, 1.0 - similarity, np.inf)
    for i, j in np.argwhere(np.isfinite(cost)):
        row, other = looked[i], lost[j]
        if not _is_near(records[row], records[other], movements[row], movements[other], config):
            cost[i, j] = np.inf
    return [(looked[i], lost[j]) for i, j in assign(cost)]


def _is_near(
    one: TrackRecord, two: TrackRecord, moved: Movement | None, other: Movement | None, config: RecognitionConfig
) -> bool:
    if moved is not None and other is not None:
        return math.dist(moved.position_base, other.position_base) <= config.distance_m
    left, top, right, bottom = one.box
    size = math.sqrt((right - left) * (bottom - top))
    return math.dist(one.centre, two.centre) <= config.distance_sizes * size

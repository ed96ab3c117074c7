"""Labelled clips on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.training.shards import Shards, StoredArrays

FRAMES = 4
FACTS = (
    "person_present",
    "person_near_robot",
    "object_in_hand",
    "left_bin_occupied",
    "right_bin_occupied",
    "table_empty",
)
MIRRORED_FACTS = (0, 1, 2, 4, 3, 5)  # where the fact of the mirrored image is found
ANOMALIES = ("moved", "vanished", "appeared", "toppled", "foreign", "dropped", "camera knocked", "light failed")
NORMAL = -1


@dataclass(frozen=True, slots=True)
class ClipShard(StoredArrays):
    """Some clips with their labels, in the order in which they were made.

    Attributes:
        rgb: (n, 4, h, w, 3) uint8, oldest image first, 0.25 s apart.
        facts: (n, 6) bool, in the order of `FACTS`, of the last image.
        anomaly: (n,) int8, index into `ANOMALIES`, or `NORMAL`.
    """

    rgb: npt.NDArray[np.uint8]
    facts: npt.NDArray[np.bool_]
    anomaly: npt.NDArray[np.int8]


class Clips(Shards[ClipShard]):
    """All clips of a folder as one list; errors as `Shards`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(ClipShard, folder)

"""What a detector shall find in a labelled image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.training.dataset import LABELS, PERSON, SLOTS, visible_boxes
from models.training.measures import Truth

DETECTOR_CLASSES = (*LABELS, "person")
LEAST_PIXELS, LEAST_PERSON_PIXELS = 12, 30  # less of a thing need not be found
MOST_HIDDEN = 0.75


def truth_of(objects: npt.NDArray[np.void], instance: npt.NDArray[np.uint8]) -> Truth:
    """What a detector shall find in an image.

    Args:
        objects: (8,) of `OBJECT`.
        instance: (h, w), see `Shard`.
    """
    boxes = visible_boxes(instance)
    there = [slot for slot in range(1, SLOTS + 1) if objects["label"][slot - 1] >= 0 and np.isfinite(boxes[slot, 0])]
    labels = [int(objects["label"][slot - 1]) for slot in there]
    ignored = [
        bool(objects["visible_px"][slot - 1] < LEAST_PIXELS or objects["hidden_share"][slot - 1] > MOST_HIDDEN)
        for slot in there
    ]
    if np.isfinite(boxes[PERSON, 0]):
        there.append(PERSON)
        labels.append(DETECTOR_CLASSES.index("person"))
        ignored.append(bool((instance == PERSON).sum() < LEAST_PERSON_PIXELS))
    return Truth(boxes[there], np.array(labels, dtype=np.int64), np.array(ignored, dtype=bool))

"""Labelled images on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.training.shards import Shards, StoredArrays

SLOTS = 8
PERSON = SLOTS + 1
LABELS = ("cube", "box", "cylinder", "ball")
OBJECT = np.dtype(
    [
        ("label", np.int8),  # index into LABELS; -1: the slot is empty
        ("identity", np.int32),
        ("visible_px", np.int32),
        ("hidden_share", np.float32),
        ("size_m", np.float32, (3,)),
        ("pose_camera", np.float32, (4, 4)),  # camera from object; camera axes: x right, y down, z forward
    ]
)


@dataclass(frozen=True, slots=True)
class Shard(StoredArrays):
    """Some images with their labels, in the order in which they were made.

    Attributes:
        rgb: (n, h, w, 3) uint8.
        depth_m: (n, h / 2, w / 2) float16, each second pixel of each second row; 0 where nothing is.
        instance: (n, h, w) uint8: 0 scenery and robot, 1..8 the object of that slot, 9 a person.
        objects: (n, 8) of `OBJECT`.
        focal_px: (n,) of a pinhole whose axis meets the middle of the image.
        group: (n,); images of one group show the same objects.
    """

    rgb: npt.NDArray[np.uint8]
    depth_m: npt.NDArray[np.float16]
    instance: npt.NDArray[np.uint8]
    objects: npt.NDArray[np.void]
    focal_px: npt.NDArray[np.float32]
    group: npt.NDArray[np.int32]


class Dataset(Shards[Shard]):
    """All images of a folder as one list; errors as `Shards`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Shard, folder)


def visible_boxes(instance: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Box (10, 4) of the pixels of each value of an instance image; left, top, right, bottom as edges, NaN if none."""
    boxes = np.full((PERSON + 1, 4), np.nan, dtype=np.float32)
    for value in np.unique(instance):
        rows = np.flatnonzero((instance == value).any(axis=1))
        columns = np.flatnonzero((instance == value).any(axis=0))
        boxes[value] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return boxes

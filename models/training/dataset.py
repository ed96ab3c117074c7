"""Labelled images on disk: shards that are mapped into memory, written whole or not at all.

A shard is a folder of arrays. Images are looked at where they lie, so a set may be larger than the memory.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rt_control.errors import InputError

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
_ARRAYS = ("rgb", "depth_m", "instance", "objects", "focal_px", "group")


@dataclass(frozen=True, slots=True)
class Shard:
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

    def __len__(self) -> int:
        return len(self.rgb)

    def save(self, folder: Path) -> None:
        """Write it; a folder that is there was written whole."""
        partial = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name in _ARRAYS:
            np.save(partial / f"{name}.npy", getattr(self, name))
        os.replace(partial, folder)

    @classmethod
    def load(cls, folder: Path) -> Shard:
        """Map it into memory.

        Raises:
            InputError: it cannot be read.
        """
        try:
            return cls(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS))
        except (OSError, ValueError) as error:
            raise InputError(f"{folder}: no shard of a data set ({error}); delete it, and it is made again") from None


class Dataset:
    """All shards of a folder as one list of images."""

    def __init__(self, folder: Path) -> None:
        """Map every shard.

        Raises:
            InputError: there is none, or one cannot be read.
        """
        self.shards = [Shard.load(path) for path in sorted(folder.glob("shard-*"))]
        if not self.shards:
            raise InputError(f"{folder}: holds no data set; make one with `dynamical models train`")
        self._ends = np.cumsum([len(shard) for shard in self.shards])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def where(self, index: int) -> tuple[Shard, int]:
        """The shard of an image, and its number there."""
        number = int(np.searchsorted(self._ends, index, side="right"))
        return self.shards[number], index - (int(self._ends[number - 1]) if number else 0)


def visible_boxes(instance: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Box (10, 4) of the pixels of each value of an instance image; left, top, right, bottom as edges, NaN if none."""
    boxes = np.full((PERSON + 1, 4), np.nan, dtype=np.float32)
    for value in np.unique(instance):
        rows = np.flatnonzero((instance == value).any(axis=1))
        columns = np.flatnonzero((instance == value).any(axis=0))
        boxes[value] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return boxes

"""Data sets on disk: shards that are mapped into memory, written whole or not at all.

A shard is a folder of arrays. They are looked at where they lie, so a set may be larger than the memory.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from rt_control.errors import InputError


class StoredArrays:
    """What shards have in common; one is a dataclass of arrays (n, ...)."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(getattr(self, self.array_names()[0]))

    @classmethod
    def array_names(cls) -> list[str]:
        """Of its arrays."""
        return [item.name for item in fields(cls)]  # type: ignore[arg-type]  # every subclass is a dataclass

    def save(self, folder: Path) -> None:
        """Write it; a folder that is there was written whole."""
        partial = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name in self.array_names():
            np.save(partial / f"{name}.npy", getattr(self, name))
        os.replace(partial, folder)


Kind = TypeVar("Kind", bound=StoredArrays)


def load_shard(kind: type[Kind], folder: Path) -> Kind:
    """Map one into memory.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return kind(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in kind.array_names()))
    except (OSError, ValueError) as error:
        raise InputError(f"{folder}: no shard of a data set ({error}); delete it, and it is made again") from None


class Shards(Generic[Kind]):
    """All shards of a folder as one list."""

    def __init__(self, kind: type[Kind], folder: Path) -> None:
        """Map every shard.

        Raises:
            InputError: there is none, or one cannot be read.
        """
        self.shards = [load_shard(kind, path) for path in sorted(folder.glob("shard-*"))]
        if not self.shards:
            raise InputError(f"{folder}: holds no data set; make one with `dynamical models train`")
        self._ends = np.cumsum([len(shard) for shard in self.shards])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def where(self, index: int) -> tuple[Kind, int]:
        """The shard of an entry, and its number there."""
        number = int(np.searchsorted(self._ends, index, side="right"))
        return self.shards[number], index - (int(self._ends[number - 1]) if number else 0)

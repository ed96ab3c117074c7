"""What level 2 said of each track, for as long as it holds: until it is too old, or the thing has moved.

All buffers are made at construction. `put` copies into them and `get` hands out a slot of them; neither allocates one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from perception.observation import Box
from perception.scene import Vector3

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """How long a result holds.

    Attributes:
        ttl_s: longest age.
        moved_m: farthest from where the thing was when it was looked at.
        moved_px: the same of any edge of its box, which also tells that another side of it is seen.
    """

    ttl_s: float = 60.0
    moved_m: float = 0.03
    moved_px: float = 24.0

    def __post_init__(self) -> None:
        for name in ("ttl_s", "moved_m", "moved_px"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must exceed 0")


@dataclass(slots=True)
class Counters:
    """What became of every `get`, and of what `put` drove out: hits + misses + expired + moved = number of gets."""

    hits: int = 0
    misses: int = 0
    expired: int = 0
    moved: int = 0
    evicted: int = 0


class Slot:
    """A place in the cache. What it holds changes with the next `put`: copy what is needed for longer.

    Attributes:
        embedding: (d,), read-only view.
        class_scores: (c,), read-only view.
        taken_ns: when the image was measured that was looked at.
    """

    __slots__ = ("box", "class_scores", "embedding", "position_base", "taken_ns", "track_id")

    def __init__(self, embedding: Floats, class_scores: Floats) -> None:
        embedding.flags.writeable = class_scores.flags.writeable = False
        self.embedding, self.class_scores = embedding, class_scores
        self.track_id: int | None = None
        self.taken_ns = 0
        self.position_base: Vector3 | None = None
        self.box: Box = (0.0, 0.0, 0.0, 0.0)


class FeatureCache:
    """Holds at most `capacity` results, the youngest of each track."""

    def __init__(self, capacity: int, dimension: int, classes: int, config: CacheConfig | None = None) -> None:
        """Make all buffers.

        Args:
            capacity: number of tracks.
            dimension: of an embedding.
            classes: of class scores, may be 0.
            config: see there.

        Raises:
            ValueError: a size that is not possible.
        """
        if capacity < 1 or dimension < 1 or classes < 0:
            raise ValueError(
                f"capacity, dimension, classes are {capacity}, {dimension}, {classes}; at least 1, 1 and 0 are needed"
            )
        self._config = CacheConfig() if config is None else config
        self._embeddings = np.zeros((capacity, dimension), dtype=np.float32)
        self._class_scores = np.zeros((capacity, classes), dtype=np.float32)
        self._slots = [Slot(self._embeddings[i], self._class_scores[i]) for i in range(capacity)]
        self._index: dict[int, int] = {}
        self.counters = Counters()

    def __len__(self) -> int:
        return len(self._index)

    def put(
        self,
        track_id: int,
        embedding: Floats,
        class_scores: Floats,
        position_base: Vector3 | None,
        box: Box,
        taken_ns: int,
    ) -> None:
        """Keep a result, unless there is one of a younger image; in a full cache the oldest one goes.

        Args:
            track_id: of the thing.
            embedding: (d,).
            class_scores: (c,).
            position_base: where the thing was, m; None if unknown.
            box: the same in the image, px.
            taken_ns: when that image was measured.

        Raises:
            ValueError: arrays of another size.
        """
        if embedding.shape != self._embeddings.shape[1:] or class_scores.shape != self._class_scores.shape[1:]:
            raise ValueError(
                f"embedding {embedding.shape} and class_scores {class_scores.shape} do not fit this cache of "
                f"{self._embeddings.shape[1:]} and {self._class_scores.shape[1:]}; make one for this features model"
            )
        place = self._index.get(track_id)
        if place is None:
            place = self._room()
            self._index[track_id] = place
        slot = self._slots[place]
        if slot.track_id == track_id and slot.taken_ns > taken_ns:
            return
        slot.track_id, slot.taken_ns, slot.position_base, slot.box = track_id, taken_ns, position_base, box
        self._embeddings[place] = embedding
        self._class_scores[place] = class_scores

    def get(self, track_id: int, position_base: Vector3 | None, box: Box, now_ns: int) -> Slot | None:
        """The result of a track if it still holds, else None; what does not hold is forgotten.

        Args:
            track_id: of the thing.
            position_base: where it is now, m; None if unknown.
            box: the same in the image, px.
            now_ns: monotonic.
        """
        place = self._index.get(track_id)
        if place is None:
            self.counters.misses += 1
            return None
        slot = self._slots[place]
        if now_ns - slot.taken_ns > self._config.ttl_s * 1e9:
            self.counters.expired += 1
        elif self._has_moved(slot, position_base, box):
            self.counters.moved += 1
        else:
            self.counters.hits += 1
            return slot
        self.forget(track_id)
        return None

    def holds(self, track_id: int, position_base: Vector3 | None, box: Box, now_ns: int) -> bool:
        """Whether `get` would give a result; nothing is counted or forgotten."""
        place = self._index.get(track_id)
        if place is None or now_ns - self._slots[place].taken_ns > self._config.ttl_s * 1e9:
            return False
        return not self._has_moved(self._slots[place], position_base, box)

    def forget(self, track_id: int) -> None:
        """Drop the result of a track, if there is one."""
        place = self._index.pop(track_id, None)
        if place is not None:
            self._slots[place].track_id = None

    def _room(self) -> int:
        if len(self._index) < len(self._slots):
            return next(place for place, slot in enumerate(self._slots) if slot.track_id is None)
        place = min(self._index.values(), key=lambda item: self._slots[item].taken_ns)
        self.counters.evicted += 1
        self.forget(self._slots[place].track_id or 0)
        return place

    def _has_moved(self, slot: Slot, position_base: Vector3 | None, box: Box) -> bool:
        if position_base is not None and slot.position_base is not None:
            far = math.dist(position_base, slot.position_base) > self._config.moved_m
        else:
            far = False
        return far or max(abs(now - then) for now, then in zip(box, slot.box, strict=True)) > self._config.moved_px

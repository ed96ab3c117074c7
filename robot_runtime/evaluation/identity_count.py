"""How well tracks keep to what they follow, as the CLEAR MOT metrics count it (Bernardin, Stiefelhagen 2008)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from models.training.measures import intersection_over_union

Box = npt.NDArray[np.floating]

LEAST_OVERLAP = 0.5


class IdentityCount:
    """Counts over the images of one sequence.

    Attributes:
        switches: a thing is followed by another track than the last one that followed it, be it long ago.
        fragments: a thing in view was lost and is followed again.
        present, followed: things in images, and how many of these had a track.
    """

    def __init__(self) -> None:
        self.switches = self.fragments = self.present = self.followed = 0
        self._last: dict[int, int] = {}
        self._before: dict[int, int] = {}
        self._lost: set[int] = set()

    def see(self, things: Mapping[int, Box], tracks: Mapping[int, Box]) -> dict[int, int]:
        """Take one image.

        Args:
            things: box (4,) px of each thing that is in view, by identity.
            tracks: box (4,) px of each track, by id.

        Returns:
            The track of each thing that has one.
        """
        pairs = self._match(things, tracks)
        self.present += len(things)
        self.followed += len(pairs)
        for thing in things:
            track = pairs.get(thing)
            if track is None:
                if thing in self._last:
                    self._lost.add(thing)
                continue
            if self._last.get(thing, track) != track:
                self.switches += 1
            if thing in self._lost:
                self.fragments += 1
                self._lost.discard(thing)
            self._last[thing] = track
        self._before = pairs
        return pairs

    def _match(self, things: Mapping[int, Box], tracks: Mapping[int, Box]) -> dict[int, int]:
        """One to one: a pair of the image before stays while it overlaps, the others as they overlap most."""
        if not things or not tracks:
            return {}
        rows, columns = list(things), list(tracks)
        overlap = intersection_over_union(
            np.array([things[row] for row in rows], dtype=np.float64),
            np.array([tracks[column] for column in columns], dtype=np.float64),
        )
        overlap = np.where(overlap >= LEAST_OVERLAP, overlap, 0.0)
        for thing, track in self._before.items():
            if thing in things and track in tracks and overlap[rows.index(thing), columns.index(track)] > 0.0:
                overlap[rows.index(thing), columns.index(track)] += 2.0  # more than any other two pairs
        chosen = zip(*linear_sum_assignment(-overlap), strict=True)
        return {rows[row]: columns[column] for row, column in chosen if overlap[row, column] > 0.0}

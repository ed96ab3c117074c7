"""What the robot has seen before: the looks of things that were in view when the scene was looked at as a whole."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from perception.observation import Vector

ALIKE = 0.98  # cosine from which two looks are one: it is not kept twice


class Familiar:
    """A bounded memory of embeddings; when it is full, the one that was met longest ago goes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: list[Vector] = []

    @property
    def known(self) -> npt.NDArray[np.float32]:
        """(k, d), of length 1."""
        return np.stack(self._known) if self._known else np.zeros((0, 0), dtype=np.float32)

    def meet(self, embeddings: Iterable[Vector]) -> None:
        """Remember these.

        Args:
            embeddings: (d,) each, of length 1.
        """
        for embedding in embeddings:
            self._known = [item for item in self._known if float(item @ embedding) < ALIKE]
            self._known.append(embedding)
        del self._known[: -self._capacity]

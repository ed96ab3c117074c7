"""Moments of demonstrations, and what was done after each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.training.lerobot_dataset import Demonstrations
from models.training.policy_network import AGE, KNOT_SPACING_S, KNOTS, MEASURED, PICK, TCP, TOLD

SAME_M = 0.005
PRESSED_M = 0.002

Floats = npt.NDArray[np.float32]


class Samples:
    """Moments of demonstrations, and what was done after each."""

    def __init__(self, demonstrations: Demonstrations) -> None:
        self._data = demonstrations
        self.rate_hz = demonstrations.rate_hz
        self._stride = round(KNOT_SPACING_S * demonstrations.rate_hz)
        rows = len(demonstrations.episode)
        episode = demonstrations.episode
        self._last = np.searchsorted(episode, episode, side="right") - 1  # row of the end of the same episode
        self._first = np.searchsorted(episode, episode, side="left")
        # Row of the next disturbance after each row; what was done from then on says nothing about this moment.
        events = np.flatnonzero(demonstrations.disturbed)
        index = np.searchsorted(events, np.arange(rows), side="right")
        self._next_event = np.where(index < len(events), np.append(events, rows)[index], rows)
        self.rows = np.flatnonzero(~demonstrations.disturbed | (np.arange(rows) == self._first))

    def __len__(self) -> int:
        return len(self.rows)

    def near(self, distance_m: float) -> npt.NDArray[np.int64]:
        """Moments in which the hand is nearer to the target than this and holds nothing; all, if there are none."""
        data, rows = self._data, self.rows
        off = np.linalg.norm(data.state[rows, TCP : TCP + 3] - data.target[rows, :3], axis=1)
        empty = data.state[rows, MEASURED] - data.state[rows, TOLD] < PRESSED_M
        found = rows[(off < distance_m) & empty]
        return found if len(found) else rows

    def take(self, rows: npt.NDArray[np.int64], ages: npt.NDArray[np.int64]) -> tuple[Floats, Floats, Floats, Floats]:
        """States (n, STATE), targets (n, TARGET), chunks (n, KNOTS, AXES), and which knots count (n, KNOTS).

        Args:
            rows: moments, (n,).
            ages: frames by which the target is shown late, (n,); less where it was elsewhere then.
        """
        data = self._data
        ahead = rows[:, None] + self._stride * np.arange(1, KNOTS + 1)
        # The action of a row is where the robot was one row later.
        taken = np.minimum(ahead, self._last[rows][:, None] + 1) - 1
        counted = ahead - 1 < self._next_event[rows][:, None]
        shown = np.maximum(rows - ages, self._first[rows])
        elsewhere = np.linalg.norm(data.target[shown, :3] - data.target[rows, :3], axis=1) > SAME_M
        shown = np.where(elsewhere, rows, shown)
        target = data.target[shown].copy()
        seen = target[:, PICK] > 0.5  # only what is picked is looked at
        target[seen, AGE] = np.minimum(target[seen, AGE] + (rows - shown)[seen] / data.rate_hz, 1.0)
        return data.state[rows], target, data.action[taken], counted.astype(np.float32)

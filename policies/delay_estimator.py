"""How long it takes from an observation until its chunk is there: what has to be planned for."""

from __future__ import annotations

from collections import deque

import numpy as np

KEPT = 50
SHARE = 0.9  # of the delays that were no longer


class DelayEstimator:
    """Most of the last delays were no longer than `delay_ns`."""

    def __init__(self, expected_ns: int) -> None:
        """Begin with an expectation.

        Args:
            expected_ns: until something was measured.
        """
        self._delays: deque[int] = deque(maxlen=KEPT)
        self._expected_ns = expected_ns

    @property
    def delay_ns(self) -> int:
        """What the next one is expected to take at most, ns."""
        if not self._delays:
            return self._expected_ns
        return int(np.quantile(np.array(self._delays), SHARE, method="higher"))

    def add(self, delay_ns: int) -> None:
        """Take in what was measured."""
        self._delays.append(max(delay_ns, 0))

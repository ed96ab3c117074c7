"""What a track is believed to be, from many looks that agree or not."""

from __future__ import annotations

import math
from collections.abc import Mapping

MEMORY = 20.0  # looks: older ones fade
LEAST = 0.01  # of a probability, so that no single look rules a name out for ever
LEVEL2_WEIGHT = 5.0  # a closer look counts as so many


class LabelBelief:
    """A fading mean of log probabilities: a logarithmic opinion pool (Genest, Zidek 1986) of the looks.

    A mean and no sum (which would be Bayes' rule): successive images of one thing err together, so thirty looks of
    0.6 are no certainty. The probability stays calibrated if the looks are. What is not named by a look shares what the
    look leaves, together with all names never heard of.
    """

    def __init__(self) -> None:
        self._logs: dict[str, float] = {}
        self._rest = 0.0
        self._weight = 0.0

    def look(self, scores: Mapping[str, float], weight: float = 1.0) -> None:
        """Take one look.

        Args:
            scores: probabilities by name, together at most 1.
            weight: in looks of level 1.
        """
        for name in scores:
            self._logs.setdefault(name, self._rest)  # until now it was among those never heard of
        unnamed = [name for name in self._logs if name not in scores]
        left = max(1.0 - sum(scores.values()), 0.0) / (len(unnamed) + 1)
        rate = weight / (min(self._weight, MEMORY) + weight)
        for name, old in self._logs.items():
            self._logs[name] = old + rate * (math.log(max(scores.get(name, left), LEAST)) - old)
        self._rest += rate * (math.log(max(left, LEAST)) - self._rest)
        self._weight += weight

    def best(self) -> tuple[str, float]:
        """The likeliest name and its probability.

        Raises:
            ValueError: there was no look that names anything.
        """
        if not self._logs:
            raise ValueError("nothing was looked at; call look() with at least one name first")
        name = max(sorted(self._logs), key=lambda item: self._logs[item])
        total = sum(map(math.exp, self._logs.values())) + math.exp(self._rest)
        return name, math.exp(self._logs[name]) / total

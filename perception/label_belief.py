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
        logs = self._logs
        for name in scores:
            logs.setdefault(name, self._rest)  # until now it was among those never heard of
        left = max(1.0 - sum(scores.values()), 0.0) / (len(logs) - len(scores) + 1)
        rate, log_left = weight / (min(self._weight, MEMORY) + weight), math.log(max(left, LEAST))
        for name, old in logs.items():
            heard = math.log(max(scores[name], LEAST)) if name in scores else log_left
            logs[name] = old + rate * (heard - old)
        self._rest += rate * (log_left - self._rest)
        self._weight += weight

    def best(self) -> tuple[str, float]:
        """The likeliest name and its probability.

        Raises:
            ValueError: there was no look that names anything.
        """
        if not self._logs:
            raise ValueError("nothing was looked at; call look() with at least one name first")
        least, name = min((-log, name) for name, log in self._logs.items())
        total = sum(map(math.exp, self._logs.values())) + math.exp(self._rest)
        return name, math.exp(-least) / total

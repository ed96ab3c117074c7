"""How long a look will take: careful, learnt from what looks took, and forgetting.

Mean and mean deviation are kept as TCP keeps those of its round trips (Jacobson and Karels 1988; the gains 1/8 and 1/4
are those of RFC 6298), and the estimate is the mean and four deviations. Why not a quantile of everything seen (P2): it
forgets nothing, and a device that gets hot or is shared becomes slower within seconds. With these gains one look is
enough of a warning: the estimate after a look is never below what that look took.
"""

from __future__ import annotations

from collections.abc import Mapping

MEAN_GAIN = 1.0 / 8.0
DEVIATION_GAIN = 1.0 / 4.0
DEVIATIONS = 4.0


class CostEstimates:
    """One estimate per role."""

    def __init__(self, prior_ms: Mapping[str, float]) -> None:
        """Start from what is believed before the first look.

        Args:
            prior_ms: time of one look, by role; > 0.

        Raises:
            ValueError: one of them is not.
        """
        for role, value in prior_ms.items():
            if not value > 0.0:
                raise ValueError(f"prior of {role!r} = {value} ms; allowed: above 0; give what a look takes")
        self._prior_ms = dict(prior_ms)
        self._mean_ms = dict(prior_ms)
        self._deviation_ms = dict.fromkeys(prior_ms, 0.0)

    def prior_ms(self, role: str) -> float:
        """What was believed before the first look."""
        return self._prior_ms[role]

    def estimate_ms(self, role: str) -> float:
        """How long the next look will take, carefully.

        Raises:
            KeyError: the role has no prior.
        """
        return self._mean_ms[role] + DEVIATIONS * self._deviation_ms[role]

    def usual_ms(self, role: str) -> float:
        """How long the next look will take if nothing is unusual."""
        return self._mean_ms[role] + self._deviation_ms[role]

    def observe(self, role: str, took_ms: float) -> None:
        """Take in what a look took; of a batch its share per item."""
        error = took_ms - self._mean_ms[role]
        self._deviation_ms[role] += DEVIATION_GAIN * (abs(error) - self._deviation_ms[role])
        self._mean_ms[role] += MEAN_GAIN * error

    def doubt(self, role: str) -> None:
        """Go half way back to the prior: an estimate that keeps its role from running would never be corrected."""
        self._mean_ms[role] += (self._prior_ms[role] - self._mean_ms[role]) / 2.0
        self._deviation_ms[role] /= 2.0

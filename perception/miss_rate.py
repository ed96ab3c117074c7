"""How often the cheap level is wrong where nothing asked for a closer look: an estimate from looks by lot.

Each thing that was passed over was looked at with a known probability p. An error that a lot finds stands for 1/p
errors: the sum over N things is unbiased whatever the things are (Horvitz, Thompson 1952).
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import betaincinv


@dataclass(frozen=True, slots=True)
class MissEstimate:
    """What is known of the share of errors among things that were passed over.

    Attributes:
        rate: unbiased; may exceed 1 while there are few looks.
        lower, upper: Clopper-Pearson interval on the effective number of looks, (sum w)^2 / sum w^2 with w = 1/p (Kish
            1965), around the weighted share of errors among the looks. It counts things as independent: of one thing
            that is looked at again and again, it says too much.
        looks: that were made.
        passed_over: things that they stand for.
    """

    rate: float
    lower: float
    upper: float
    looks: int
    passed_over: int


class MissRate:
    """Sums of the looks by lot."""

    def __init__(self) -> None:
        self._passed_over = self._looks = 0
        self._weights = self._squares = self._wrong = 0.0

    def pass_over(self, count: int) -> None:
        """So many things gave no reason for a look (`LookPlan.passed_over`), those drawn by lot included."""
        if count < 0:
            raise ValueError(f"count is {count}; it must not be negative")
        self._passed_over += count

    def looked(self, wrong: bool, probability: float) -> None:
        """A look by lot was made.

        Args:
            wrong: it showed that the cheap level was.
            probability: with which it was drawn; every draw must be looked at, or this is not its probability.

        Raises:
            ValueError: a probability that is none.
        """
        if not 0.0 < probability <= 1.0:
            raise ValueError(f"probability is {probability}; it must be in (0, 1]: what cannot be drawn is not seen")
        weight = 1.0 / probability
        self._looks += 1
        self._weights += weight
        self._squares += weight**2
        self._wrong += weight * wrong

    def estimate(self, confidence: float = 0.95) -> MissEstimate | None:
        """What is known so far; None before the first look.

        Args:
            confidence: of the interval, between 0 and 1.

        Raises:
            ValueError: fewer things were passed over than were looked at.
        """
        if self._looks == 0:
            return None
        if self._passed_over < self._looks:
            raise ValueError(
                f"{self._looks} looks by lot among {self._passed_over} things; call pass_over() for each plan, too"
            )
        effective = self._weights**2 / self._squares
        errors = self._wrong / self._weights * effective
        tail = (1.0 - confidence) / 2.0
        lower = 0.0 if errors <= 0.0 else float(betaincinv(errors, effective - errors + 1.0, tail))
        upper = 1.0 if errors >= effective else float(betaincinv(errors + 1.0, effective - errors, 1.0 - tail))
        return MissEstimate(self._wrong / self._passed_over, lower, upper, self._looks, self._passed_over)

"""How long an answer from elsewhere is waited for, and how long nobody is asked after one did not come."""

from __future__ import annotations

from dataclasses import dataclass

_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class PatienceConfig:
    """Times of one who asks.

    Attributes:
        limit_s: an answer that takes longer is not waited for. Longer than who is asked may take, who then says why.
        first_pause_s: after a failure nobody is asked for so long; twice as long after each further one.
        longest_pause_s: at most.
    """

    limit_s: float = 2.5
    first_pause_s: float = 0.5
    longest_pause_s: float = 8.0

    def __post_init__(self) -> None:
        if not (self.limit_s > 0.0 and 0.0 < self.first_pause_s <= self.longest_pause_s):
            raise ValueError(
                f"patience of {self.limit_s:g} s, pauses of {self.first_pause_s:g} to {self.longest_pause_s:g} s;"
                " allowed: above 0, the first at most the longest"
            )


class Patience:
    """A question at a time; what failed is left alone for a while that doubles with each failure in a row."""

    def __init__(self, config: PatienceConfig | None = None) -> None:
        self._config = PatienceConfig() if config is None else config
        self._asked_ns: int | None = None
        self._failures = 0
        self._paused_until_ns = 0

    def ready(self, now_ns: int) -> bool:
        """Whether the next question may be asked."""
        return self._asked_ns is None and now_ns >= self._paused_until_ns

    def ask(self, now_ns: int) -> None:
        """A question is asked.

        Raises:
            ValueError: it may not be.
        """
        if not self.ready(now_ns):
            raise ValueError("asked before the last question was answered or its pause was over; see `ready`")
        self._asked_ns = now_ns

    def overdue(self, now_ns: int) -> bool:
        """Whether the answer has taken longer than it may."""
        return self._asked_ns is not None and now_ns - self._asked_ns > self._config.limit_s * _NS_PER_S

    def answered(self) -> None:
        """The answer came, and is one."""
        self._asked_ns, self._failures = None, 0

    def failed(self, now_ns: int) -> None:
        """None came, or none that can be used."""
        pause_s = min(self._config.first_pause_s * 2.0**self._failures, self._config.longest_pause_s)
        self._asked_ns, self._failures = None, min(self._failures + 1, 32)
        self._paused_until_ns = now_ns + round(pause_s * _NS_PER_S)

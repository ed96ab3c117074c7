"""What each look of perception cost, why it was wanted, what became of it: the last ones singly, all in totals."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping

import msgspec
import numpy as np

from perception.reasons import REASONS

LEVELS = (1, 2, 3)
CAPACITY = 8192  # a minute and a half of three roles at 30 Hz
_NS_PER_S = 1_000_000_000
_ENTRY = np.dtype(
    [
        ("stamp_ns", np.int64),
        ("frame", np.int64),
        ("level", np.int8),
        ("role", np.int16),
        ("track", np.int64),
        ("reasons", np.int32),
        ("cost_ms", np.float32),
        ("outcome", np.int8),
    ]
)
_BITS = [(index, int(reason)) for index, reason in enumerate(REASONS)]


class Outcome(enum.IntEnum):
    """What became of a look that was wanted at an image."""

    RUN = 0
    DEFERRED = 1
    DROPPED = 2
    LATE = 3
    """It ran, and ended after its deadline."""
    FAILED = 4
    """It was begun, and nothing came of it."""


class Entry(msgspec.Struct, frozen=True):
    """One look.

    Attributes:
        stamp_ns: of the image.
        frame: its number.
        level: 1, 2 or 3.
        role: what was computed.
        track: of which object; -1 for the whole image.
        reasons: why, the bits of `Reason`.
        cost_ms: computing time; 0 where it did not run.
        outcome: what became of it.
    """

    stamp_ns: int
    frame: int
    level: int
    role: str
    track: int
    reasons: int
    cost_ms: float
    outcome: Outcome


class LevelSummary(msgspec.Struct, frozen=True, array_like=True):
    """One level since the start, and in the last second.

    Attributes:
        run, deferred, dropped, late, failed: looks since the start, each counted once at each image at which it was
            wanted.
        rate_hz: looks that ran, in the last second.
        cost_ms_per_s: their computing time.
        used: of what the level may take, 1 = all; None where it takes nothing of this device.
    """

    run: int
    deferred: int
    dropped: int
    late: int
    failed: int
    rate_hz: float
    cost_ms_per_s: float
    used: float | None


class LedgerSummary(msgspec.Struct, frozen=True):
    """The totals: small enough for every message of the perception worker (below 1 kB).

    Attributes:
        stamp_ns: when it was made.
        levels: 1, 2 and 3.
        looks: that ran, a row for each level, a column for each of `REASONS`.
        cost_ms: of those looks; a look with two reasons counts for both.
    """

    stamp_ns: int
    levels: tuple[LevelSummary, ...]
    looks: tuple[tuple[int, ...], ...]
    cost_ms: tuple[tuple[int, ...], ...]


class Ledger:
    """A ring of the last looks and the totals of all; nothing grows."""

    def __init__(self, allowed_ms_per_s: Mapping[int, float | None], now_ns: int, capacity: int = CAPACITY) -> None:
        """Begin empty.

        Args:
            allowed_ms_per_s: what each level may take of the device, see `schedule_rules`.
            now_ns: this moment.
            capacity: looks that are kept one by one; > 0.
        """
        self._allowed = dict(allowed_ms_per_s)
        self._ring = np.zeros(capacity, dtype=_ENTRY)
        self._count = 0
        self._roles: dict[str, int] = {}
        self._outcomes = [[0] * len(Outcome) for _ in LEVELS]
        self._looks = [[0] * len(REASONS) for _ in LEVELS]
        self._cost_ms = [[0.0] * len(REASONS) for _ in LEVELS]
        self._window_ns = now_ns
        self._window = [[0.0, 0.0] for _ in LEVELS]
        self._last_second = [(0.0, 0.0) for _ in LEVELS]

    def record(self, look: Entry) -> None:
        """Write one look down.

        Raises:
            ValueError: its level is none of `LEVELS`.
        """
        if look.level not in LEVELS:
            raise ValueError(f"look of level {look.level}; allowed: {LEVELS}")
        self._turn_window(look.stamp_ns)
        role = self._roles.setdefault(look.role, len(self._roles))
        values = (look.stamp_ns, look.frame, look.level, role, look.track, look.reasons, look.cost_ms, look.outcome)
        self._ring[self._count % len(self._ring)] = values
        self._count += 1
        row = look.level - 1
        self._outcomes[row][look.outcome] += 1
        if look.outcome in (Outcome.RUN, Outcome.LATE):
            mask, looks, costs = int(look.reasons), self._looks[row], self._cost_ms[row]  # int: flags make new flags
            for index, bit in _BITS:
                if mask & bit:
                    looks[index] += 1
                    costs[index] += look.cost_ms
            self._window[row][0] += 1.0
            self._window[row][1] += look.cost_ms

    def summary(self, now_ns: int) -> LedgerSummary:
        """The totals, now."""
        self._turn_window(now_ns)
        levels = []
        for row, level in enumerate(LEVELS):
            rate_hz, ms_per_s = self._last_second[row]
            allowed = self._allowed.get(level)
            used = None if allowed is None else round(ms_per_s / allowed, 3)
            run, deferred, dropped, late, failed = self._outcomes[row]
            rates = round(rate_hz, 1), round(ms_per_s, 1)
            levels.append(LevelSummary(run, deferred, dropped, late, failed, *rates, used))
        costs = tuple(tuple(round(value) for value in row) for row in self._cost_ms)
        return LedgerSummary(now_ns, tuple(levels), tuple(map(tuple, self._looks)), costs)

    def entries(self) -> Iterator[Entry]:
        """The last looks, oldest first."""
        names = list(self._roles)
        for number in range(max(0, self._count - len(self._ring)), self._count):
            stamp, frame, level, role, track, reasons, cost_ms, outcome = self._ring[number % len(self._ring)].item()
            yield Entry(stamp, frame, level, names[role], track, reasons, cost_ms, Outcome(outcome))

    def _turn_window(self, now_ns: int) -> None:
        """Once a second: what was counted becomes the rates of the last second."""
        passed_s = (now_ns - self._window_ns) / _NS_PER_S
        if passed_s >= 1.0:
            self._last_second = [(looks / passed_s, cost_ms / passed_s) for looks, cost_ms in self._window]
            self._window = [[0.0, 0.0] for _ in LEVELS]
            self._window_ns = now_ns

from __future__ import annotations

from collections import Counter, deque

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.ledger import LEVELS, Entry, Ledger, LedgerSummary, Outcome
from perception.reasons import REASONS, Reason

SECOND = 1_000_000_000
ALLOWED = {1: 300.0, 2: 320.0, 3: None}
entries = st.builds(
    Entry,
    stamp_ns=st.integers(0, 2**62),
    frame=st.integers(0, 2**40),
    level=st.sampled_from(LEVELS),
    role=st.sampled_from(["detector", "masks", "scene"]),
    track=st.integers(-1, 2**40),
    reasons=st.integers(0, 2 ** len(REASONS) - 1),
    cost_ms=st.floats(0.0, 1000.0, width=32),
    outcome=st.sampled_from(Outcome),
)


def look(stamp_ns: int, cost_ms: float = 8.0, level: int = 2, outcome: Outcome = Outcome.RUN) -> Entry:
    return Entry(stamp_ns, 1, level, "masks", 7, int(Reason.FAST | Reason.NOVEL), cost_ms, outcome)


@given(looks=st.lists(entries, max_size=40))
def test_the_ring_holds_the_last_looks_and_the_totals_hold_all(looks: list[Entry]) -> None:
    ledger, last = Ledger(ALLOWED, 0, capacity=8), deque[Entry](maxlen=8)
    for item in looks:
        ledger.record(item)
        last.append(item)
    assert list(ledger.entries()) == list(last)
    summary = ledger.summary(0)
    counted = Counter((item.level, item.outcome) for item in looks)
    for level, told in zip(LEVELS, summary.levels, strict=True):
        assert (told.run, told.deferred, told.dropped, told.late, told.failed) == tuple(
            counted[level, kind] for kind in Outcome
        )
    ran = [item for item in looks if item.outcome in (Outcome.RUN, Outcome.LATE)]
    for row, level in enumerate(LEVELS):
        for column, reason in enumerate(REASONS):
            of_it = [item.cost_ms for item in ran if item.level == level and item.reasons & reason]
            assert summary.looks[row][column] == len(of_it)
            assert summary.cost_ms[row][column] == pytest.approx(sum(of_it), abs=0.51)


def test_rates_are_those_of_the_last_second() -> None:
    ledger = Ledger(ALLOWED, 0)
    for number in range(21):
        ledger.record(look(number * SECOND // 20))
    told = ledger.summary(SECOND).levels[1]
    assert (told.rate_hz, told.cost_ms_per_s, told.used) == (20.0, 160.0, 0.5)
    assert ledger.summary(2 * SECOND).levels[1].rate_hz == 1.0
    assert ledger.summary(3 * SECOND).levels[1].rate_hz == 0.0


def test_what_did_not_run_costs_nothing_and_a_remote_level_uses_no_share() -> None:
    ledger = Ledger(ALLOWED, 0)
    ledger.record(look(0, outcome=Outcome.DEFERRED))
    ledger.record(look(0, 400.0, level=3))
    second, third = ledger.summary(SECOND).levels[1:]
    assert (second.rate_hz, second.used) == (0.0, 0.0)
    assert (third.cost_ms_per_s, third.used) == (400.0, None)


def test_a_summary_of_a_long_run_is_smaller_than_a_kilobyte() -> None:
    ledger = Ledger(ALLOWED, 0)
    ledger.record(look(0))
    summary = ledger.summary(2**62)
    full = msgspec.structs.replace(
        summary,
        levels=tuple(
            msgspec.structs.replace(item, run=10**8, deferred=10**8, dropped=10**8, late=10**8, used=0.333)
            for item in summary.levels
        ),
        looks=tuple((10**8,) * len(REASONS) for _ in LEVELS),
        cost_ms=tuple((10**9,) * len(REASONS) for _ in LEVELS),
    )
    encoded = msgspec.msgpack.encode(full)
    assert len(encoded) < 1000 and msgspec.msgpack.decode(encoded, type=LedgerSummary) == full


def test_a_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match=r"look of level 4; allowed: \(1, 2, 3\)"):
        Ledger(ALLOWED, 0).record(look(0, level=4))

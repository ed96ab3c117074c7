from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from perception.look_limits import DEPTH_S, SLACK, ComputeShare, RateLimit

gaps_ns = st.lists(st.integers(0, 80_000_000), min_size=1, max_size=200)


@given(gaps=gaps_ns, rate_hz=st.floats(1.0, 30.0))
def test_a_key_passes_at_most_at_its_rate(gaps: list[int], rate_hz: float) -> None:
    limit, now, passed = RateLimit(rate_hz), 0, 0
    for gap in gaps:
        now += gap
        if limit.allows("cube", now):
            limit.take("cube", now)
            passed += 1
    assert passed <= now / 1e9 * rate_hz + SLACK + 1.0 + 1e-6


def test_every_third_of_trembling_frames_passes_at_ten_hertz() -> None:
    limit, passed = RateLimit(10.0), []
    for frame in range(31):
        stamp = frame * 33_333_333 + (frame * 7 % 5 - 2) * 2_000_000 + 10_000_000
        if limit.allows("cube", stamp):
            limit.take("cube", stamp)
            passed.append(frame)
    assert passed == list(range(0, 31, 3))


def test_keys_do_not_hinder_each_other() -> None:
    limit = RateLimit(10.0)
    limit.take("cube", 0)
    assert limit.allows("ball", 0) and not limit.allows("cube", 0)


@given(
    looks=st.lists(st.tuples(st.integers(0, 80_000_000), st.floats(0.1, 60.0)), min_size=1, max_size=200),
    ms_per_s=st.floats(10.0, 1000.0),
)
def test_looks_take_at_most_their_share_and_what_was_saved(looks: list[tuple[int, float]], ms_per_s: float) -> None:
    share, now, taken, longest = ComputeShare(ms_per_s), 0, 0.0, 0.0
    for gap, cost in looks:
        now += gap
        if share.allows(cost, now):
            share.take(cost)
            taken, longest = taken + cost, max(longest, cost)
    assert taken <= ms_per_s * (now / 1e9 + DEPTH_S) + longest + 1e-6


def test_a_look_longer_than_the_bucket_is_deep_waits_until_it_is_full() -> None:
    share = ComputeShare(100.0)
    assert share.allows(60.0, 0)
    share.take(60.0)
    assert not share.allows(1.0, 100_000_000)
    assert not share.allows(60.0, 500_000_000)
    assert share.allows(60.0, 600_000_000)

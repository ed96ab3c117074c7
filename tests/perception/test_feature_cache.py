from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.feature_cache import CacheConfig, FeatureCache, Slot
from perception.observation import Box
from perception.scene import Vector3

SECOND_NS = 1_000_000_000
PLACE = (0.1, 0.2, 0.02)
BOX = (10.0, 10.0, 40.0, 40.0)
SCORES = np.array([0.9, 0.1], dtype=np.float32)


def vector(value: float, size: int = 4) -> np.ndarray:
    return np.full(size, value, dtype=np.float32)


def put(cache: FeatureCache, track_id: int, value: float = 1.0, taken_ns: int = 0) -> None:
    cache.put(track_id, vector(value), SCORES, PLACE, BOX, taken_ns)


def get(
    cache: FeatureCache, track_id: int = 1, place: Vector3 | None = PLACE, box: Box = BOX, now_ns: int = 0
) -> Slot | None:
    return cache.get(track_id, place, box, now_ns)


@pytest.fixture
def cache() -> FeatureCache:
    return FeatureCache(capacity=3, dimension=4, classes=2)


def test_what_was_put_is_found(cache: FeatureCache) -> None:
    put(cache, 1, 0.5, taken_ns=7)
    slot = get(cache)
    assert slot is not None
    np.testing.assert_array_equal(slot.embedding, vector(0.5))
    np.testing.assert_array_equal(slot.class_scores, SCORES)
    assert (slot.track_id, slot.taken_ns) == (1, 7)


def test_what_was_not_put_is_missed(cache: FeatureCache) -> None:
    assert get(cache) is None
    assert cache.counters.misses == 1


def test_a_result_holds_for_a_minute(cache: FeatureCache) -> None:
    put(cache, 1)
    assert get(cache, now_ns=60 * SECOND_NS) is not None
    assert get(cache, now_ns=60 * SECOND_NS + 1) is None
    assert (cache.counters.expired, len(cache)) == (1, 0)


def test_a_result_of_a_thing_that_moved_does_not_hold(cache: FeatureCache) -> None:
    put(cache, 1)
    assert get(cache, place=(0.1, 0.2, 0.049)) is not None
    assert get(cache, place=(0.1, 0.2, 0.051)) is None
    put(cache, 1)
    assert get(cache, box=(10.0, 10.0, 40.0, 63.0)) is not None
    assert get(cache, box=(10.0, 10.0, 40.0, 65.0)) is None
    assert cache.counters.moved == 2


def test_without_a_position_the_box_alone_tells_of_motion(cache: FeatureCache) -> None:
    put(cache, 1)
    assert get(cache, place=None) is not None
    assert get(cache, place=None, box=(50.0, 10.0, 80.0, 40.0)) is None


def test_a_full_cache_drops_the_oldest(cache: FeatureCache) -> None:
    for track_id, taken_ns in ((1, 30), (2, 10), (3, 20), (4, 40)):
        put(cache, track_id, taken_ns=taken_ns)
    assert [track_id for track_id in (1, 2, 3, 4) if cache.holds(track_id, PLACE, BOX, 40)] == [1, 3, 4]
    assert (cache.counters.evicted, len(cache)) == (1, 3)


def test_a_result_that_comes_late_does_not_replace_a_younger_one(cache: FeatureCache) -> None:
    put(cache, 1, 0.5, taken_ns=20)
    put(cache, 1, 0.7, taken_ns=10)
    slot = get(cache)
    assert slot is not None
    assert slot.embedding[0] == 0.5
    put(cache, 1, 0.9, taken_ns=30)
    assert slot.embedding[0] == np.float32(0.9)


def test_holds_counts_and_forgets_nothing(cache: FeatureCache) -> None:
    put(cache, 1)
    assert cache.holds(1, PLACE, BOX, 0)
    assert not cache.holds(1, (1.0, 0.0, 0.0), BOX, 0)
    assert not cache.holds(1, PLACE, BOX, 61 * SECOND_NS)
    assert not cache.holds(2, PLACE, BOX, 0)
    assert len(cache) == 1
    assert cache.counters.hits == cache.counters.moved == cache.counters.expired == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 100)), max_size=60))
def test_every_get_is_counted_once_and_the_capacity_is_kept(steps: list[tuple[bool, int, int]]) -> None:
    cache, now_ns, gets = FeatureCache(3, 4, 2), 0, 0
    for is_put, track_id, seconds in steps:
        now_ns += seconds * SECOND_NS
        if is_put:
            put(cache, track_id, float(track_id), now_ns)
            continue
        gets += 1
        slot = get(cache, track_id, now_ns=now_ns)
        assert slot is None or slot.embedding[0] == track_id
    counted = cache.counters
    assert counted.hits + counted.misses + counted.expired + counted.moved == gets
    assert len(cache) <= 3


def test_neither_put_nor_get_allocates_a_buffer() -> None:
    size = 20_000
    cache, one = FeatureCache(3, size, 2), vector(1.0, size)
    slots = set()
    tracemalloc.start()
    try:
        for round_ in range(50):
            if round_ == 10:
                tracemalloc.reset_peak()
                before, _ = tracemalloc.get_traced_memory()
            for track_id in range(5):
                cache.put(track_id, one, SCORES, PLACE, BOX, round_)
                slot = get(cache, track_id, now_ns=round_)
                assert slot is not None
                slots.add(id(slot.embedding))
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 4 * size / 10  # a tenth of one embedding
    assert after - before < 4 * size / 10
    assert len(slots) == 3


def test_what_is_handed_out_cannot_be_written(cache: FeatureCache) -> None:
    put(cache, 1)
    slot = get(cache)
    assert slot is not None
    with pytest.raises(ValueError, match="read-only"):
        slot.embedding[0] = 2.0


def test_sizes_that_do_not_fit_are_refused(cache: FeatureCache) -> None:
    with pytest.raises(ValueError, match=r"embedding \(5,\) .* do not fit this cache of \(4,\) and \(2,\)"):
        cache.put(1, vector(1.0, 5), SCORES, PLACE, BOX, 0)
    with pytest.raises(ValueError, match="capacity, dimension, classes are 0, 4, 2; at least 1, 1 and 0 are needed"):
        FeatureCache(0, 4, 2)
    with pytest.raises(ValueError, match="ttl_s is 0.0; it must exceed 0"):
        CacheConfig(ttl_s=0.0)

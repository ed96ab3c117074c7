"""The channels in C++ under sanitizers: flipped bytes, and threads in the place of processes."""

from __future__ import annotations

from pathlib import Path

from tests.rt_control.native_programs import ADDRESS, THREAD, program, run, values_of

FLIPS = 1_000_000
WRITES = 20_000


def test_a_million_flipped_bytes_fool_nobody_and_move_nothing_outside_its_limits(tmp_path: Path) -> None:
    counted = values_of(run(program("byte_flips", ADDRESS), str(FLIPS), "1", str(tmp_path)))
    assert counted["flips"] >= FLIPS
    # The robot worked meanwhile, and was hit: neither is a test of nothing.
    for name in ("moving", "latched", "whole", "broken", "requests", "restarts", "opened", "refused"):
        assert counted[name] > 100, f"{name}: {counted}"


def test_threads_that_write_read_and_overtake_each_other_have_no_data_race(tmp_path: Path) -> None:
    counted = values_of(run(program("channel_stress", THREAD), str(WRITES), str(tmp_path)))
    assert counted["published"] > WRITES
    assert counted["taken"] == WRITES // 10 * 2
    assert min(counted["whole"], counted["events"]) > 100, str(counted)

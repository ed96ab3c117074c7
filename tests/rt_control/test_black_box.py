"""The ring of records that outlives its writer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rt_control import _native as rt
from rt_control import black_box
from rt_control.errors import ChannelError

FIRST_RECORD = 4096
RECORD = rt.BLACK_BOX_RECORD_BYTES
RECORDS = rt.BLACK_BOX_RECORDS


def write(path: Path, cycles: range, **fields: object) -> None:
    writer = rt.BlackBoxWriter(path)
    for cycle in cycles:
        state = rt.State(cycle=cycle, stamp_ns=cycle * 10**6, generation=1, axes=8, **fields)  # type: ignore[arg-type]  # any of its fields
        writer.write(state, rt.DriveCommand(enable=1), rt.StageTimes(wake_up_ns=cycle, decide_ns=10**12))


def damage(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_what_is_written_is_read_oldest_first(tmp_path: Path) -> None:
    path = tmp_path / "blackbox"
    write(path, range(1, 6), position=np.arange(8), stop=rt.Stop.ss1, latched=1)
    box = black_box.read(path)
    assert box.torn == 0
    assert box.records["cycle"].tolist() == [1, 2, 3, 4, 5]
    assert box.records["sequence"].tolist() == [1, 2, 3, 4, 5]
    last = box.records[-1]
    assert last["position"][:8].tolist() == list(range(8))
    assert (last["stop"], last["latched"], last["drive_enable"], last["wake_up_ns"]) == (rt.Stop.ss1, 1, 1, 5)


def test_a_stage_longer_than_four_seconds_is_told_as_that_or_more(tmp_path: Path) -> None:
    path = tmp_path / "blackbox"
    write(path, range(1, 2))
    assert black_box.read(path).records[0]["decide_ns"] == 2**32 - 1


def test_the_ring_keeps_the_newest_and_covers_ten_seconds(tmp_path: Path) -> None:
    path = tmp_path / "blackbox"
    write(path, range(1, RECORDS + 101))
    box = black_box.read(path)
    assert len(box.records) == RECORDS >= 10_000
    assert box.records["cycle"][[0, -1]].tolist() == [101, RECORDS + 100]
    assert (np.diff(box.records["sequence"]) == 1).all()
    assert len(box.last(1.0).records) == 1000


def test_one_that_starts_again_goes_on_behind_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "blackbox"
    write(path, range(1, 4))
    write(path, range(1, 3))
    box = black_box.read(path)
    assert box.records["sequence"].tolist() == [1, 2, 3, 4, 5]
    assert box.records["cycle"].tolist() == [1, 2, 3, 1, 2]


@pytest.mark.parametrize("at", [0, 8, 100, RECORD - 1])
def test_a_record_of_which_a_byte_is_wrong_is_counted_and_left_out(tmp_path: Path, at: int) -> None:
    path = tmp_path / "blackbox"
    write(path, range(1, 6))
    damage(path, FIRST_RECORD + 3 * RECORD + at)
    box = black_box.read(path)
    assert box.torn == 1
    assert box.records["cycle"].tolist() == [1, 2, 4, 5]


def test_a_half_written_record_is_seen_and_the_next_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "blackbox"
    write(path, range(1, 6), torque=np.ones(8))
    content = bytearray(path.read_bytes())
    newest, next_one = FIRST_RECORD + 5 * RECORD, FIRST_RECORD + 6 * RECORD
    content[next_one : next_one + RECORD // 2] = content[newest : newest + RECORD // 2]
    path.write_bytes(content)
    assert black_box.read(path).torn == 1
    write(path, range(1, 2))
    box = black_box.read(path)
    assert box.torn == 0
    assert box.records["sequence"].tolist() == [1, 2, 3, 4, 5, 6]


def test_every_byte_of_a_record_has_a_name() -> None:
    dtype = black_box.dtype()
    assert dtype.itemsize == RECORD == sum(dtype[name].itemsize for name in dtype.names or ())


@pytest.mark.parametrize(
    ("at", "message"), [(0, "does not begin as a black box does"), (8, "another build"), (16, "another build")]
)
def test_a_file_of_another_kind_or_build_is_refused(tmp_path: Path, at: int, message: str) -> None:
    path = tmp_path / "blackbox"
    write(path, range(1, 2))
    damage(path, at)
    with pytest.raises(ChannelError, match=message):
        black_box.read(path)
    with pytest.raises(ChannelError, match=message):
        rt.BlackBoxWriter(path)


def test_a_file_that_is_missing_or_too_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChannelError, match="cannot be read: No such file"):
        black_box.read(tmp_path / "blackbox")
    (tmp_path / "short").write_bytes(b"abc")
    with pytest.raises(ChannelError, match="3 bytes, expected"):
        black_box.read(tmp_path / "short")

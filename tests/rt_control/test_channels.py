"""Laws of the latest-value channels, the queues and the frames, with hostile bytes and writers that die."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rt_control import _native as rt
from rt_control.errors import ChannelError

HEADER_BYTES = 256
NEWEST_OFFSET = 64


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    rt.create_state(path)
    return path


def test_a_channel_that_nobody_wrote_is_empty(channel: Path) -> None:
    reader = rt.StateReader(channel)
    assert reader.read() is None
    assert reader.result == rt.ReadResult.empty


def test_the_newest_message_wins_and_is_whole(channel: Path) -> None:
    writer, reader = rt.StateWriter(channel), rt.StateReader(channel)
    for cycle in range(1, 100):
        message = rt.State(cycle=cycle, position=np.full(16, float(cycle)))
        assert writer.write(message)
        assert reader.read() == message


def test_the_file_is_for_its_owner_alone(channel: Path) -> None:
    assert channel.stat().st_mode & 0o777 == 0o600


def test_a_later_writer_fences_the_earlier_one(channel: Path) -> None:
    old, reader = rt.StateWriter(channel), rt.StateReader(channel)
    assert old.write(rt.State(cycle=1))
    new = rt.StateWriter(channel)
    assert new.generation == old.generation + 1
    assert not old.write(rt.State(cycle=2))
    assert old.fenced
    seen = reader.read()
    assert seen is not None and seen.cycle == 1  # what was there stays readable
    assert new.write(rt.State(cycle=3))
    seen = reader.read()
    assert seen is not None and seen.cycle == 3


def test_a_writer_killed_at_any_moment_never_hangs_or_fools_a_reader(channel: Path) -> None:
    script = (
        "import sys; from rt_control import _native as rt\n"
        "w = rt.StateWriter(sys.argv[1]); cycle = 0\n"
        "while True:\n"
        "    cycle += 1; w.write(rt.State(cycle=cycle, position=[float(cycle)] * 16))\n"
        "    if cycle == 1000: print('writing', flush=True)\n"
    )
    reader = rt.StateReader(channel)
    last = 0
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", script, str(channel)], stdout=subprocess.PIPE)
        try:
            assert child.stdout is not None and child.stdout.readline() == b"writing\n"
            for _ in range(2000):
                message = reader.read()
                if message is None:
                    assert reader.result == rt.ReadResult.torn
                    continue
                assert (message.position == float(message.cycle)).all()
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
            if child.stdout is not None:
                child.stdout.close()
        message = reader.read()
        assert message is not None and message.cycle >= 1000
        assert reader.sequence > last
        last = reader.sequence
    assert rt.StateWriter(channel).write(rt.State(cycle=7))
    message = reader.read()
    assert message is not None and message.cycle == 7


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 255)), min_size=1, max_size=40))
def test_hostile_bytes_are_never_taken_for_a_message(tmp_path: Path, pokes: list[tuple[int, int]]) -> None:
    path = tmp_path / "hostile"
    path.unlink(missing_ok=True)
    rt.create_command(path)
    writer, reader = rt.CommandWriter(path), rt.CommandReader(path)
    written = rt.Command(command_id=5, position=np.arange(512.0).reshape(32, 16))
    assert writer.write(written)
    size = path.stat().st_size
    with path.open("r+b") as file:
        for offset, value in pokes:
            file.seek(HEADER_BYTES // 4 + offset % (size - HEADER_BYTES // 4))
            file.write(bytes([value]))
    message = reader.read()
    assert message is None or message == written
    assert reader.result in set(rt.ReadResult)


def test_a_flipped_bit_in_the_payload_is_found(channel: Path) -> None:
    writer, reader = rt.StateWriter(channel), rt.StateReader(channel)
    assert writer.write(rt.State(cycle=1))
    content = channel.read_bytes()
    slot_bytes = struct.unpack_from("<Q", content, 32)[0]
    with channel.open("r+b") as file:
        file.seek(HEADER_BYTES + slot_bytes + 32 + 100)  # the first message is in slot 1
        file.write(b"\x01")
    assert reader.read() is None
    assert reader.result == rt.ReadResult.crc


@pytest.mark.parametrize(
    ("offset", "what"),
    [(0, "magic number"), (8, "layout version"), (16, "layout hash"), (24, "number of slots"), (32, "slot size")],
)
def test_opening_a_file_of_another_layout_says_what_was_found_and_expected(
    channel: Path, offset: int, what: str
) -> None:
    with channel.open("r+b") as file:
        file.seek(offset)
        file.write(b"\x7f")
    with pytest.raises(ChannelError, match=f"{what} is 0x.*, expected 0x.*; ") as error:
        rt.StateReader(channel)
    assert str(channel) in str(error.value) and "\n" not in str(error.value)


def test_opening_a_truncated_file_is_refused(channel: Path) -> None:
    os.truncate(channel, 4096)
    with pytest.raises(ChannelError, match="file size is"):
        rt.StateReader(channel)
    os.truncate(channel, 10)
    with pytest.raises(ChannelError, match="too short for a header"):
        rt.StateReader(channel)


def test_opening_another_kind_of_channel_is_refused(channel: Path) -> None:
    with pytest.raises(ChannelError, match="kind of channel"):
        rt.CommandReader(channel)


def test_making_a_channel_twice_or_opening_none_is_refused(channel: Path) -> None:
    with pytest.raises(ChannelError, match="cannot be created: File exists"):
        rt.create_state(channel)
    with pytest.raises(ChannelError, match="cannot be opened: No such file"):
        rt.StateReader(channel.with_name("nothing"))


def test_requests_come_out_in_order_and_a_full_queue_says_so(tmp_path: Path) -> None:
    path = tmp_path / "requests"
    rt.create_requests(path)
    queue = rt.RequestQueue(path)
    assert all(queue.push(rt.Request(kind=rt.RequestKind.hold, epoch=number)) for number in range(64))
    assert not queue.push(rt.Request(kind=rt.RequestKind.stop))
    assert queue.dropped == 1
    taken = [queue.pop() for _ in range(64)]
    assert [item.epoch for item in taken if item is not None] == list(range(64))
    assert queue.pop() is None
    assert queue.push(rt.Request(kind=rt.RequestKind.stop))


def test_several_processes_may_push_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "requests"
    rt.create_requests(path)
    script = (
        "import sys; from rt_control import _native as rt\n"
        "q = rt.RequestQueue(sys.argv[1])\n"
        "for n in range(20): assert q.push(rt.Request(kind=rt.RequestKind.hold, skill=int(sys.argv[2]), epoch=n))\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", script, str(path), str(number)]) for number in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    queue = rt.RequestQueue(path)
    taken = []
    while (item := queue.pop()) is not None:
        taken.append((item.skill, item.epoch))
    assert sorted(taken) == [(skill, epoch) for skill in range(3) for epoch in range(20)]
    for skill in range(3):
        assert [epoch for other, epoch in taken if other == skill] == list(range(20))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.binary(min_size=64, max_size=64))
def test_hostile_indices_of_a_queue_neither_hang_nor_invent_requests(
    tmp_path: Path, pushed: int, popped: int, item: bytes
) -> None:
    path = tmp_path / "requests"
    path.unlink(missing_ok=True)
    rt.create_requests(path)
    queue = rt.RequestQueue(path)
    with path.open("r+b") as file:
        file.seek(NEWEST_OFFSET)
        file.write(struct.pack("<Q", pushed))
        file.seek(2 * NEWEST_OFFSET)
        file.write(struct.pack("<Q", popped))
        file.seek(HEADER_BYTES)
        file.write(item)
    assert queue.pop() is None
    assert queue.push(rt.Request(kind=rt.RequestKind.stop)) or queue.dropped > 0


def test_an_index_that_was_set_back_does_not_bring_a_request_twice(tmp_path: Path) -> None:
    path = tmp_path / "requests"
    rt.create_requests(path)
    queue = rt.RequestQueue(path)
    assert all(queue.push(rt.Request(kind=rt.RequestKind.reset, epoch=number)) for number in range(5))
    taken = [queue.pop() for _ in range(5)]
    assert [item.epoch for item in taken if item is not None] == list(range(5))
    for offset in (2 * NEWEST_OFFSET, NEWEST_OFFSET):  # taken, then pushed
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(struct.pack("<Q", 2))
        assert queue.pop() is None
    assert queue.push(rt.Request(kind=rt.RequestKind.stop))
    item = queue.pop()
    assert item is not None and item.kind == rt.RequestKind.stop


def test_every_reader_of_events_sees_each_event_and_how_many_it_lost(tmp_path: Path) -> None:
    path = tmp_path / "events"
    rt.create_events(path)
    writer = rt.EventWriter(path)
    early = rt.EventReader(path)
    for cycle in range(10):
        assert writer.push(rt.Event(cycle=cycle))
    late = rt.EventReader(path)
    events, lost = early.read()
    assert [event.cycle for event in events] == list(range(10)) and lost == 0
    assert late.read() == ([], 0)
    for cycle in range(10, 10 + 1500):
        assert writer.push(rt.Event(cycle=cycle))
    events, lost = late.read()
    assert lost == 1500 - 1024
    assert [event.cycle for event in events] == list(range(10 + 476, 1510))
    again, lost = rt.EventReader(path, from_start=True).read()
    assert len(again) == 1024 and lost == 0


def test_a_new_writer_of_events_does_not_repeat_the_last_one(tmp_path: Path) -> None:
    path = tmp_path / "events"
    rt.create_events(path)
    reader = rt.EventReader(path)
    old = rt.EventWriter(path)
    assert old.push(rt.Event(cycle=1))
    new = rt.EventWriter(path)
    assert not old.push(rt.Event(cycle=2))
    assert new.push(rt.Event(cycle=3))
    events, lost = reader.read()
    assert [event.cycle for event in events] == [1, 3] and lost == 0


@pytest.mark.parametrize("has_depth", [False, True])
def test_a_frame_comes_out_as_it_went_in(tmp_path: Path, has_depth: bool) -> None:
    path = tmp_path / "frame"
    rt.create_frame(path, 33, 17, has_depth)
    writer, reader = rt.FrameWriter(path), rt.FrameReader(path)
    random = np.random.default_rng(1)
    rgb = random.integers(0, 255, (17, 33, 3), dtype=np.uint8)
    depth = random.random((17, 33), dtype=np.float32) if has_depth else None
    assert reader.read() is None
    assert writer.write(rt.FrameHeader(number=1, fx=100.0), rgb, depth)
    found = reader.read(after_number=0)
    assert found is not None
    header, rgb_found, depth_found = found
    assert (header.width, header.height, header.fx) == (33, 17, 100.0)
    assert (rgb_found == rgb).all()
    if depth is None:
        assert depth_found is None
    else:
        assert depth_found is not None and (depth_found == depth).all()
    assert reader.read(after_number=1) is None
    assert writer.write(rt.FrameHeader(number=2), rgb, depth)
    assert reader.read(after_number=1) is not None
    assert (rgb_found == rgb).all()


def test_a_frame_larger_than_its_ring_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "frame"
    rt.create_frame(path, 8, 8, False)
    with pytest.raises(ValueError, match="frame of 9 x 8 needs .* bytes, the channel was made for"):
        rt.FrameWriter(path).write(rt.FrameHeader(), np.zeros((8, 9, 3), dtype=np.uint8))


def test_bytes_come_out_as_they_went_in(tmp_path: Path) -> None:
    path = tmp_path / "world"
    rt.create_bytes(path, 100)
    writer, reader = rt.BytesWriter(path), rt.BytesReader(path)
    for length in (0, 1, 7, 8, 100):
        assert writer.write(bytes(range(length)))
        assert reader.read() == bytes(range(length))
    with pytest.raises(ValueError, match="101 bytes, the channel holds at most 100"):
        writer.write(bytes(101))


@given(st.binary(max_size=200))
def test_both_ways_to_compute_the_checksum_agree(data: bytes) -> None:
    assert rt.crc32c(data) == rt.crc32c_by_table(data)


def test_the_checksum_is_the_one_of_the_standard() -> None:
    assert rt.crc32c(b"123456789") == 0xE3069283  # RFC 3720, appendix B.4, by the catalogue of CRC algorithms

"""The protocol of the channels: all states of its model, mutants of the model, and the real code's steps in it."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tests.rt_control import spin
from tests.rt_control.native_programs import program, run

# Writers that crash at any step and are started again; the words alone keep the readers from what is not whole.
CRASHES = {
    "three writers": ("WRITERS=3", "WRITES=1", "READS=2"),
    "two writers, three writes each": ("WRITERS=2", "WRITES=3", "READS=2"),
}
# Writers that were overtaken at any step, and go on.
OVERTAKEN = {
    "two writes each": ("ZOMBIE", "WRITERS=2", "WRITES=2", "READS=1"),
    "two reads": ("ZOMBIE", "WRITERS=2", "WRITES=1", "READS=2"),
}
SMALL_CRASH = ("NARROW", "WRITERS=2", "WRITES=2", "READS=2")
SMALL_OVERTAKEN = ("NARROW", "ZOMBIE", "WRITERS=2", "WRITES=1", "READS=1")

# Operator, and in which setting it must be caught.
MUTANTS = {
    "M_NO_RELEASE_FENCE": SMALL_CRASH,  # drop a fence
    "M_NO_ACQUIRE_FENCE": SMALL_CRASH,
    "M_NO_RELEASE_OF_NEWEST": SMALL_CRASH,  # relax an ordering
    "M_SKIP_ZERO": SMALL_CRASH,  # drop a store
    "M_SKIP_RECHECK": SMALL_CRASH,  # drop a check
    "M_RETURN_TORN": SMALL_CRASH,
    "M_ANY_WORD": SMALL_CRASH,
    "M_NO_CHECKSUM": SMALL_OVERTAKEN,
    "M_CHECKSUM_WITHOUT_WORD": SMALL_OVERTAKEN,
    "M_PUBLISH_FIRST": SMALL_CRASH,  # swap two steps
    "M_PUBLISH_BY_STORE": SMALL_OVERTAKEN,  # a store for a compare-and-swap
    "M_REUSE_GENERATION": SMALL_OVERTAKEN,  # reuse an epoch
    "M_LEFT_BEHIND": ("NARROW", "ZOMBIE", "WRITERS=2", "WRITES=2", "READS=1"),  # reuse a word
    "M_SAME_SLOT": SMALL_CRASH,  # another address
    "M_ATTACH_WITHOUT_COPY": SMALL_CRASH,  # drop a step
}
# What the model says is more than needed: the pair at `newest` already orders what these order (README.md).
REDUNDANT = ("M_NO_RELEASE_OF_WORD", "M_NO_ACQUIRE_OF_WORD")

QUEUE_MUTANTS = (
    "M_NO_RELEASE_OF_NEWEST",
    "M_NO_ACQUIRE_OF_NEWEST",
    "M_NO_RELEASE_OF_POPPED",
    "M_NO_LOCK",
    "M_LOCK_OUTLIVES_ITS_HOLDER",
    "M_NO_ROOM_CHECK",
    "M_POP_BY_STORE",
    "M_COUNT_FIRST",
)

TRACES = 300


@pytest.mark.parametrize("setting", CRASHES)
def test_writers_that_crash_at_any_step_neither_fool_nor_hang_a_reader(setting: str, tmp_path: Path) -> None:
    verdict = spin.verify("channel.pml", ("NARROW", *CRASHES[setting]), tmp_path)
    assert verdict.errors == 0 and verdict.complete, verdict.output
    assert verdict.states > 100_000


@pytest.mark.parametrize("setting", OVERTAKEN)
def test_writers_that_were_overtaken_and_go_on_publish_nothing_and_fool_nobody(setting: str, tmp_path: Path) -> None:
    verdict = spin.verify("channel.pml", ("NARROW", *OVERTAKEN[setting]), tmp_path)
    assert verdict.errors == 0 and verdict.complete, verdict.output
    assert verdict.states > 100_000


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_of_the_channel_is_caught(mutant: str, tmp_path: Path) -> None:
    verdict = spin.verify("channel.pml", (mutant, *MUTANTS[mutant]), tmp_path, optimize="-O0")
    assert verdict.errors == 1, f"{mutant} was not caught\n{verdict.output}"
    assert "assertion violated" in verdict.output


@pytest.mark.parametrize("macro", REDUNDANT)
def test_an_ordering_that_is_called_redundant_is(macro: str, tmp_path: Path) -> None:
    verdict = spin.verify("channel.pml", (macro, *SMALL_CRASH), tmp_path)
    assert verdict.errors == 0 and verdict.complete, verdict.output


def test_each_request_is_taken_once_and_in_order_whoever_crashes(tmp_path: Path) -> None:
    verdict = spin.verify("queue.pml", (), tmp_path)
    assert verdict.errors == 0 and verdict.complete, verdict.output


@pytest.mark.parametrize("mutant", QUEUE_MUTANTS)
def test_a_mutant_of_the_queue_is_caught(mutant: str, tmp_path: Path) -> None:
    verdict = spin.verify("queue.pml", (mutant,), tmp_path, optimize="-O0")
    assert verdict.errors == 1, f"{mutant} was not caught\n{verdict.output}"
    assert "assertion violated" in verdict.output


Trace = list[tuple[int, int, int, int]]


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> list[Trace]:
    """Steps of the C++ code in random interleavings, with writers that crash and writers that are overtaken."""
    printed = run(program("channel_steps"), str(TRACES), "1", str(tmp_path_factory.mktemp("steps") / "channel"))
    text = (spin.PROOF / "channel.pml").read_text(encoding="utf-8")
    numbers = {name: int(number) for name, number in re.findall(r"^#define (\w+) (\d+)$", text, re.MULTILINE)}
    found: list[Trace] = [[]]
    for line in printed.splitlines():
        if line == "-":
            found.append([])
        else:
            actor, operation, slot, value = line.split()
            found[-1].append((int(actor), numbers[operation], int(slot), int(value)))
    assert not found.pop()
    return found


def replayed(traces: list[Trace], folder: Path) -> set[int]:
    """Which of the traces are paths of the model."""
    rows = ["{0,0,0,0}", *(f"{{{a},{o},{s},{v}}}" for trace in traces for a, o, s, v in (*trace, (255, 0, 0, 0)))]
    starts = [1]
    for trace in traces:
        starts.append(starts[-1] + len(trace) + 1)
    header = (spin.PROOF / "replay.h").read_text(encoding="utf-8")
    header = header.replace("STARTS", ",".join(map(str, starts[:-1]))).replace("STEPS", ",\n".join(rows))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "replay.h").write_text(header, encoding="utf-8")
    settings = ("REPLAY", "SLOTS=4", "WRITERS=3", "WRITES=3", "READS=6", "ATTEMPTS=8", f"TRACES={len(traces)}")
    verdict = spin.verify("channel.pml", settings, folder, include=folder)
    assert verdict.errors == 0 and verdict.complete, verdict.output
    return {int(number) for number in re.findall(r"^replayed (\d+)$", verdict.output, re.MULTILINE)}


def test_every_trace_of_the_code_is_a_path_of_the_model(traces: list[Trace], tmp_path: Path) -> None:
    assert len(traces) == TRACES
    missing = set(range(TRACES)) - replayed(traces, tmp_path)
    assert not missing, f"{len(missing)} of {TRACES} traces are no path of the model, the first is {min(missing)}"


def test_a_trace_whose_stores_were_swapped_is_no_path_of_the_model(traces: list[Trace], tmp_path: Path) -> None:
    store_word, publish = 6, 10
    chosen = random.Random(1)
    swapped = []
    for trace in traces:
        # A slot is closed (the word), then published, by one actor: the other way round.
        places = [
            index
            for index in range(len(trace) - 1)
            if trace[index][0] == trace[index + 1][0]
            and trace[index][1] == store_word
            and trace[index + 1][1] == publish
        ]
        if places:
            at = chosen.choice(places)
            swapped.append([*trace[:at], trace[at + 1], trace[at], *trace[at + 2 :]])
    assert len(swapped) > TRACES // 4
    assert replayed(swapped, tmp_path) == set()

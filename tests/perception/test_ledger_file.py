from __future__ import annotations

from pathlib import Path

import pytest

from perception import ledger_file
from perception.ledger import Entry, Ledger, Outcome
from perception.reasons import ReasonFlag
from rt_control.errors import InputError

DEVICE = "two cores"


def recorded() -> Ledger:
    ledger = Ledger({1: 300.0, 2: 320.0, 3: None}, 0)
    for number in range(100):
        cost_ms = 5.0 if number < 94 else 50.0
        ledger.record(
            Entry(number, number, 2, "masks", 3, int(ReasonFlag.FAST | ReasonFlag.SHADOW), cost_ms, Outcome.RUN)
        )
        ledger.record(Entry(number, number, 2, "pose", 3, int(ReasonFlag.FAST), 0.0, Outcome.DROPPED))
    ledger.record(Entry(100, 100, 2, "features", 3, int(ReasonFlag.NOVEL), 60.0, Outcome.LATE))
    ledger.record(Entry(100, 100, 3, "scene", -1, int(ReasonFlag.PERIODIC), 200.0, Outcome.RUN))
    return ledger


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    ledger, path = recorded(), tmp_path / "ledger.jsonl"
    ledger_file.save(ledger, path, DEVICE, 200)
    found = ledger_file.load(path)
    assert found.entries == tuple(ledger.entries())
    assert (found.header.device, found.header.summary) == (DEVICE, ledger.summary(200))
    assert len(path.read_text().splitlines()) == 203


def test_measured_times_are_those_of_looks_that_ran_here(tmp_path: Path) -> None:
    ledger_file.save(recorded(), tmp_path / "ledger.jsonl", DEVICE, 200)
    assert ledger_file.load(tmp_path / "ledger.jsonl").measured_ms() == {"masks": 50.0, "features": 60.0}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"ledger":1', '"ledger":2', "ledger of version 2; allowed: 1"),
        ('"ledger":1', '"leger":1', "line 1 is no line of a ledger: .*leger.*; give the ledger file of a run"),
        ('"frame":7,', "", "line 16 is no line of a ledger: .*frame"),
    ],
)
def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger_file.save(recorded(), path, DEVICE, 200)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        ledger_file.load(path)


def test_a_file_that_is_empty_or_missing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match="line 1 is no line of a ledger"):
        ledger_file.load(tmp_path / "empty")
    with pytest.raises(InputError, match=r"missing: cannot read \(No such file or directory\)"):
        ledger_file.load(tmp_path / "missing")
    with pytest.raises(InputError, match="cannot write .*; give a file in a folder that exists"):
        ledger_file.save(recorded(), tmp_path / "no" / "ledger", DEVICE, 0)

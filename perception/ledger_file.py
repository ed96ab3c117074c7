"""The ledger of a run as a file of JSON lines: first the totals, then the last looks one by one."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import msgspec
import numpy as np

from perception.ledger import LEVELS, Entry, Ledger, LedgerSummary, Outcome
from rt_control.errors import InputError

VERSION = 1
CAREFUL_PERCENT = 95.0


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line.

    Attributes:
        ledger: version of the format.
        device: name of the budget that the run had.
        summary: totals of the whole run.
    """

    ledger: int
    device: str
    summary: LedgerSummary


class RecordedLedger(msgspec.Struct, frozen=True):
    """What such a file says."""

    header: Header
    entries: tuple[Entry, ...]

    def measured_ms(self) -> dict[str, float]:
        """What a look took in 95 of 100 cases, by role, of the looks that are kept.

        Those of a remote level are left out: what their answers took says nothing of this device.
        """
        here = [level for level, item in zip(LEVELS, self.header.summary.levels, strict=True) if item.used is not None]
        costs: dict[str, list[float]] = defaultdict(list)
        for entry in self.entries:
            if entry.level in here and entry.outcome in (Outcome.RUN, Outcome.LATE):
                costs[entry.role].append(entry.cost_ms)
        return {role: float(np.percentile(values, CAREFUL_PERCENT)) for role, values in costs.items()}


def save(ledger: Ledger, path: Path, device: str, now_ns: int) -> None:
    """Write the ledger of a run.

    Args:
        ledger: of the run.
        path: of the file; replaced if it is there.
        device: name of the budget.
        now_ns: this moment.

    Raises:
        InputError: the file cannot be written.
    """
    lines = [Header(VERSION, device, ledger.summary(now_ns)), *ledger.entries()]
    try:
        path.write_bytes(msgspec.json.Encoder().encode_lines(lines))
    except OSError as error:
        raise InputError(f"{path}: cannot write ({error.strerror}); give a file in a folder that exists") from error


def load(path: Path) -> RecordedLedger:
    """Read the ledger of a run.

    Raises:
        InputError: the file is missing or is no such ledger.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot read ({error.strerror}); give the ledger file of a run") from error
    number = 1
    try:
        header = msgspec.json.decode(lines[0] if lines else b"", type=Header)
        decoder = msgspec.json.Decoder(Entry)
        entries = []
        for line in lines[1:]:
            number += 1
            entries.append(decoder.decode(line))
    except msgspec.MsgspecError as error:
        raise InputError(
            f"{path}: line {number} is no line of a ledger: {error}; give the ledger file of a run"
        ) from None
    if header.ledger != VERSION:
        raise InputError(f"{path}: ledger of version {header.ledger}; allowed: {VERSION}; record the run again")
    return RecordedLedger(header, tuple(entries))

"""Reads the black box of `rt_control`: every cycle of the last seconds, also after it was killed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class BlackBox:
    """What a black box holds.

    Attributes:
        records: a structured array, oldest first; its fields are those of `BlackBoxRecord` in black_box.hpp.
        torn: how many records are not as they were written; the writer was killed in the middle of at most one.
    """

    records: npt.NDArray[np.void]
    torn: int

    def last(self, duration_s: float) -> BlackBox:
        """The records of the last seconds before the newest one."""
        if not len(self.records):
            return self
        due_ns = self.records["due_ns"]
        return BlackBox(self.records[due_ns > due_ns[-1] - duration_s * 1e9], self.torn)


def read(path: Path) -> BlackBox:
    """The content of a black box, also while `rt_control` writes it.

    Raises:
        ChannelError: there is none, or it was written by another build.
    """
    from rt_control import _native as native

    content, torn = native.read_black_box(path)
    records = np.frombuffer(content, dtype())
    records.flags.writeable = False
    return BlackBox(records, torn)


def dtype() -> np.dtype[np.void]:
    """Of a record, made from the one list of its fields."""
    from rt_control import _native as native

    names, formats, offsets = zip(*native.black_box_fields(), strict=True)
    layout = {"names": list(names), "formats": list(formats), "offsets": list(offsets)}
    made: np.dtype[np.void] = np.dtype(layout | {"itemsize": native.BLACK_BOX_RECORD_BYTES})  # type: ignore[call-overload]  # its stub wants a TypedDict
    return made

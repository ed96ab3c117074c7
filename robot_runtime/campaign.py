"""Long measurements, piece by piece: each piece is written down as soon as it is done, and a later run goes on.

A campaign is one file of `benchmarks/campaigns/`: its docstring's first line says what it measures, `PIECES` says how
many pieces there are, `piece(number)` measures one (a msgspec struct), `figures(pieces)` sums them up.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import msgspec

from robot_runtime import origin
from robot_runtime.report import Figure
from rt_control.errors import InputError

FOLDER = origin.FOLDER / "benchmarks" / "campaigns"
RESULTS = origin.FOLDER / ".cache" / "campaigns"
SLICE_LIMIT_S = 2400.0


class Campaign:
    """One campaign at one commit.

    Args:
        name: file of `benchmarks/campaigns/`.
        count: pieces to measure; the campaign's own number if None.

    Raises:
        InputError: there is no such campaign.
    """

    def __init__(self, name: str, count: int | None = None) -> None:
        if name not in names():
            raise InputError(f"campaign {name!r}: unknown; known: {', '.join(names()) or 'none'}")
        self._module: ModuleType = importlib.import_module(f"benchmarks.campaigns.{name}")
        self.count: int = self._module.PIECES if count is None else count
        self.commit = commit = origin.commit()
        self._file = RESULTS / f"{name}-{commit.rstrip('+')}.jsonl"
        if commit.endswith("+"):  # sources that no commit names: nothing from before can be trusted to be of the same
            self._file = self._file.with_suffix(".changed.jsonl")
            self._file.unlink(missing_ok=True)
        self._type: type[Any] = self._module.Piece

    def done(self) -> dict[int, Any]:
        """Pieces that have been measured, by number."""
        if not self._file.exists():
            return {}
        decoder = msgspec.json.Decoder(_Line)
        found: dict[int, Any] = {}
        for line in self._file.read_bytes().splitlines():
            try:
                item = decoder.decode(line)
                found[item.number] = msgspec.json.decode(item.piece, type=self._type)
            except msgspec.ValidationError as error:  # whole, and yet no piece: to leave it out would be a lie
                mend = "delete the file and measure again"
                raise InputError(f"{self._file}: holds what is no piece of this campaign ({error}); {mend}") from None
            except msgspec.MsgspecError:  # cut off in the middle of a line
                continue
        return {number: piece for number, piece in sorted(found.items()) if number < self.count}

    def run(self, tell: Callable[[int, int, Any], None], limit_s: float = SLICE_LIMIT_S) -> bool:
        """Measure what is missing until all is done or the slice is over.

        Args:
            tell: called after each piece with how many are done, of how many, and the piece.
            limit_s: of this slice; a piece that has begun is finished.

        Returns:
            Whether every piece is done.
        """
        done = self.done()
        begun = time.monotonic()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._end_last_line()
        for number in range(self.count):
            if number in done:
                continue
            if time.monotonic() - begun > limit_s:
                return False
            piece = self._module.piece(number)
            with open(self._file, "ab") as file:
                file.write(msgspec.json.encode(_Line(number, msgspec.Raw(msgspec.json.encode(piece)))) + b"\n")
            done[number] = piece
            tell(len(done), self.count, piece)
        return True

    def _end_last_line(self) -> None:
        """A line that was cut off must not swallow the next one."""
        if self._file.exists() and not self._file.read_bytes().endswith(b"\n"):
            with open(self._file, "ab") as file:
                file.write(b"\n")

    def figures(self) -> Sequence[Figure]:
        """Sum up what has been measured."""
        figures: Sequence[Figure] = self._module.figures(tuple(self.done().values()))
        return figures


class _Line(msgspec.Struct):
    number: int
    piece: msgspec.Raw


def names() -> tuple[str, ...]:
    """The campaigns that there are."""
    return tuple(sorted(path.stem for path in FOLDER.glob("[a-z]*.py")))

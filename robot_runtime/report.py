"""The one form in which every reporting command says what it measured: JSON for programs, a table for people."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from robot_runtime.machine import Machine
from rt_control.errors import InputError


class Reference(msgspec.Struct, frozen=True):
    """What a figure was measured beside, in the same run.

    Attributes:
        name: what it is, e.g. `memcpy of the same size`.
        value: in the unit of the figure.
    """

    name: str
    value: float


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured thing.

    Attributes:
        name: what was measured.
        value: in `unit`; None when it could not be measured here.
        unit: of the value and of the reference's; empty for a count or a word.
        target: in words and in the same unit, e.g. `at most 5`; None where there is none.
        reference: what it was measured beside.
        ratio: value / reference.
        holds: whether the target is met; None where there is no target or this machine cannot judge it.
        note: why it could not be judged or measured, or how to mend it.
    """

    name: str
    value: float | int | str | None
    unit: str = ""
    target: str | None = None
    reference: Reference | None = None
    ratio: float | None = None
    holds: bool | None = None
    note: str = ""


def figure(
    name: str,
    value: float,
    unit: str = "",
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    reference: Reference | None = None,
    judged: bool = True,
    note: str = "",
) -> Figure:
    """A figure whose ratio and verdict follow from its numbers.

    Args:
        name: what was measured.
        value: in `unit`.
        unit: SI symbol or word.
        at_most: the target, an upper bound.
        at_least: the target, a lower bound; give at most one of the two.
        reference: what it was measured beside.
        judged: False where this machine cannot judge the target; `holds` is then None.
        note: said beside it.

    Raises:
        ValueError: both bounds are given.
    """
    if at_most is not None and at_least is not None:
        raise ValueError(f"figure {name!r} has both bounds, at most {at_most} and at least {at_least}; give one")
    target = None
    holds = None
    if at_most is not None:
        target, holds = f"at most {at_most:g}", value <= at_most
    elif at_least is not None:
        target, holds = f"at least {at_least:g}", value >= at_least
    return Figure(
        name=name,
        value=value,
        unit=unit,
        target=target,
        reference=reference,
        ratio=value / reference.value if reference is not None and reference.value != 0 else None,
        holds=holds if judged else None,
        note=note,
    )


class Report(msgspec.Struct, frozen=True):
    """What one command measured, where, and from which sources.

    Attributes:
        command: as typed, e.g. `bench channels`.
        commit: of the checkout that ran; `+` at its end when files differ from that commit.
        machine: where it ran.
        figures: in the order in which they were measured.
    """

    command: str
    commit: str
    machine: Machine
    figures: tuple[Figure, ...]

    def holds(self) -> bool:
        """Whether no figure misses its target."""
        return all(item.holds is not False for item in self.figures)

    def markdown(self) -> str:
        """The table as a section of a page."""
        lines = [f"## `dynamical {self.command}`", "", f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
        lines += [
            f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in _cells(item))} |" for item in self.figures
        ]
        return "\n".join([*lines, ""])

    def print_table(self) -> None:
        """Print the figures for people, on standard output."""
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(title=f"dynamical {self.command}", title_justify="left", box=None, pad_edge=False)
        for heading in HEADINGS:
            table.add_column(heading, justify="right" if heading in ("value", "ratio") else "left", overflow="fold")
        styles = {"yes": "green", "NO": "bold red"}
        for item in self.figures:
            cells = _cells(item)
            table.add_row(*(Text(cell, style=styles.get(cell, "")) for cell in cells))
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = FILE_WIDTH
        console.print(table)
        console.print(Text(f"commit {self.commit} on {self.machine.sentence()}", style="dim"))


FILE_WIDTH = 160
HEADINGS = ("figure", "value", "unit", "target", "reference", "ratio", "holds", "note")


def _cells(item: Figure) -> tuple[str, ...]:
    verdict = {True: "yes", False: "NO", None: "" if item.target is None else "host"}[item.holds]
    reference = "" if item.reference is None else f"{item.reference.value:.4g} ({item.reference.name})"
    ratio = "" if item.ratio is None else f"{item.ratio:.3g}"
    return (item.name, number(item.value), item.unit, item.target or "", reference, ratio, verdict, item.note)


def number(value: float | int | str | None) -> str:
    """A value as people read it."""
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def write_json(message: object, path: str) -> None:
    """Write one JSON object.

    Args:
        message: anything that msgspec encodes.
        path: a file, or `-` for standard output.

    Raises:
        InputError: the file cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(message), indent=2).decode() + "\n"
    if path == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"--json: cannot write {path!r} ({error.strerror}); give a file in a folder that exists, or -"
        ) from error


def emit(report: Report, json_path: str | None) -> int:
    """Show a report as its command was asked to.

    Args:
        report: what was measured.
        json_path: the value of `--json`; with `-` the table is not printed.

    Returns:
        The exit code: 0 when no figure misses its target, else 1.
    """
    if json_path != "-":
        report.print_table()
    if json_path is not None:
        write_json(report, json_path)
    return 0 if report.holds() else 1

"""`dynamical rt blackbox`: the last seconds of tier 1, cycle by cycle, also of a run that crashed."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments
from rt_control.errors import InputError

if TYPE_CHECKING:
    from robot_runtime.black_box_story import Turn
    from robot_runtime.commands.arguments import Subparsers
    from robot_runtime.report import Figure
    from rt_control.black_box import BlackBox

LINES_SHOWN = 10


def register(group: Subparsers) -> None:
    """Add the command."""
    text = "why the robot stopped last: every cycle of the last seconds, also of a run that crashed"
    parser = group.add_parser("blackbox", help=text, description=f"Say {text}.")
    parser.add_argument("robot", nargs="?", help="name of the robot (default: the only one there)")
    parser.add_argument("--file", type=Path, metavar="PATH", help="read this file instead, e.g. one that was kept")
    parser.add_argument("--last", type=arguments.positive_seconds, metavar="S", help="only the last seconds")
    parser.add_argument("--csv", type=arguments.output_file, metavar="PATH", help="write a line for each cycle there")
    arguments.add_json_argument(parser)
    arguments.add_root_argument(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Read it, and tell."""
    from robot_runtime import black_box_story, machine, origin
    from robot_runtime.report import Report, write_json
    from rt_control import black_box

    box = black_box.read(options.file if options.file is not None else _find(options.robot, options.root))
    if options.last is not None:
        box = box.last(options.last)
    if options.csv is not None:
        write_csv(box, options.csv)
    report = Report("rt blackbox", origin.commit(), machine.describe(), black_box_story.summary(box))
    if options.json_path != "-":
        _print(report.figures, black_box_story.turns(box))
    if options.json_path is not None:
        write_json(report, options.json_path)
    return 0


def write_csv(box: BlackBox, path: Path) -> None:
    """A line for each cycle; an array has a column for each axis, from 1.

    Raises:
        InputError: the file cannot be written.
    """
    records = box.records
    axes = int(records["axes"].max(initial=0))
    names = [name for name in records.dtype.names or () if name != "crc" and not name.endswith("_reserved")]
    is_array = {name: records[name].ndim > 1 for name in names}
    heading: list[str] = []
    for name in names:
        heading += [f"{name}_{axis}" for axis in range(1, axes + 1)] if is_array[name] else [name]
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(heading)
            for record in records:
                row: list[object] = []
                for name in names:
                    row += record[name][:axes].tolist() if is_array[name] else [record[name].item()]
                writer.writerow(row)
    except OSError as error:
        raise InputError(f"--csv: cannot write {str(path)!r} ({error.strerror}); give another file") from error


def _find(robot: str | None, root: Path | None) -> Path:
    """The box of a robot that runs, or left remains, or whose box was kept."""
    from robot_runtime import kept_black_box
    from robot_runtime.run_folders import run_folders

    folders = [folder for folder in run_folders(root) if (folder.path / "blackbox").is_file()]
    named = [folder for folder in folders if robot in (None, folder.robot)]
    kept = kept_black_box.path_of(robot, kept_black_box.folder()) if robot is not None else None
    if not named and kept is not None and kept.is_file():
        return kept
    if not named:
        known = ", ".join(folder.robot for folder in folders) or "none"
        raise InputError(f"no black box{f' of robot {robot!r}' if robot else ''}; there are: {known}; or give --file")
    if len(named) > 1:
        raise InputError(f"several robots: {', '.join(folder.robot for folder in named)}; name one of them")
    return named[0].path / "blackbox"


def _print(figures: tuple[Figure, ...], turns: tuple[Turn, ...]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from robot_runtime.report import FILE_WIDTH, number

    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column()
    table.add_column(max_width=100)
    for item in figures:
        value = Text(f"{number(item.value)} {item.unit}".strip())
        table.add_row(item.name, value, Text(item.note, style="dim"))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = FILE_WIDTH
    console.print(table)
    if turns:
        left_out = len(turns) - LINES_SHOWN
        console.print(f"\nwhat happened{f' ({left_out} earlier changes: --csv)' if left_out > 0 else ''}")
    for turn in turns[-LINES_SHOWN:]:
        console.print(Text(f"{-turn.ago_s:9.3f} s  cycle {turn.cycle:8d}  {turn.what}"))

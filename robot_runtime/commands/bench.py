"""`dynamical bench`: speed, each figure beside its reference in the same run.

A benchmark is one file of `benchmarks/`: its docstring's first line says what it measures, and its `measure()` returns
the figures. One that takes longer than the others together sets `LONG = True` and runs only when it is named.
"""

from __future__ import annotations

import argparse
import ast
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from robot_runtime import origin
from robot_runtime.commands import arguments
from rt_control.errors import InputError

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers
    from robot_runtime.report import Report

BENCHMARKS = origin.FOLDER / "benchmarks"


def register(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "bench",
        help="measure speed, each figure beside its reference",
        description="Measure speed. Without a name, every short benchmark runs.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which benchmarks; see --list")
    parser.add_argument("--list", action="store_true", help="say which benchmarks there are, and end")
    parser.add_argument(
        "--page", type=arguments.output_file, metavar="FILE", help="also write the tables as a Markdown page"
    )
    arguments.add_json_argument(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Run benchmarks."""
    known = summaries(BENCHMARKS)
    if not known:
        raise InputError(f"bench: there is no benchmark in {BENCHMARKS}; run it from a checkout of the sources")
    if options.list:
        print("\n".join(f"{name:12} {summary}" for name, summary in known.items()))
        return 0
    for name in options.names:
        if name not in known:
            raise InputError(f"bench: unknown benchmark {name!r}; known: {', '.join(known)}")
    from robot_runtime import machine
    from robot_runtime.report import Report, write_json

    commit, here = origin.commit(), machine.describe()
    reports = []
    for name in options.names or known:
        module = importlib.import_module(f"benchmarks.{name}")
        if not options.names and getattr(module, "LONG", False):
            continue
        reports.append(Report(f"bench {name}", commit, here, tuple(module.measure())))
        if options.json_path != "-":
            reports[-1].print_table()
            print(flush=True)
    if options.page is not None:
        _write_page(options.page, reports)
    if options.json_path is not None:
        figures = tuple(figure for report in reports for figure in report.figures)
        write_json(Report(" ".join(("bench", *options.names)), commit, here, figures), options.json_path)
    return 0 if all(report.holds() for report in reports) else 1


def summaries(folder: Path) -> dict[str, str]:
    """What each benchmark measures, by name, without loading any.

    Args:
        folder: of the benchmarks.
    """
    found = {}
    for path in sorted(folder.glob("[a-z]*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[path.stem] = text.partition("\n")[0]
    return found


def _write_page(path: Path, reports: list[Report]) -> None:
    sections = [report.markdown() for report in reports]
    where = f"Printed by `dynamical bench` at commit {reports[0].commit} on {reports[0].machine.sentence()}."
    try:
        path.write_text("\n".join(["# Benchmarks", "", where, "", *sections]), encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"--page: cannot write {str(path)!r} ({error.strerror}); give a file in a folder that exists"
        ) from error

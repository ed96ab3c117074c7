"""`dynamical doctor`: what this machine lacks, and how to mend it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers
    from robot_runtime.doctor import Check


def register(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "doctor",
        help="what this machine lacks, and how to mend it",
        description="Look at this machine and say what it lacks. Exit code 0 when the demo can run here.",
    )
    arguments.add_json_argument(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Look, and tell."""
    from robot_runtime import doctor
    from robot_runtime.report import write_json

    checks = doctor.examine()
    if options.json_path != "-":
        print_checks(checks)
    if options.json_path is not None:
        write_json(doctor.report(checks), options.json_path)
    return 0 if doctor.runs_the_demo(checks) else 1


def print_checks(checks: tuple[Check, ...]) -> None:
    """Print the checks for people, on standard output."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    styles = {"ok": "green", "warn": "yellow", "missing": "bold red"}
    table = Table(box=None, pad_edge=False)
    for heading in ("what", "found", "", "mend"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        table.add_row(check.what, Text(check.found), Text(check.verdict, style=styles[check.verdict]), Text(check.mend))
    console = Console(highlight=False)
    console.print(table)
    missing = sum(check.verdict == "missing" for check in checks)
    console.print(
        "\nthe demo can run here: make run" if missing == 0 else f"\n{missing} missing: the demo cannot run here"
    )

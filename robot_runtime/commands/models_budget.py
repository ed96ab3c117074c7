"""`models budget`: what the device can compute, who may take how much of it, and what was measured."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments
from rt_control.errors import InputError

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers

DEFAULT_DEVICE = "target_275_tflops"


def register(group: Subparsers) -> None:
    """Add the command to those of `models`."""
    text = "what the device can compute, which role may take how much of it, and where each level runs"
    parser = group.add_parser(
        "budget",
        help=text,
        description=f"Show {text}. Exit code 1 when what was measured does not fit.",
    )
    parser.add_argument(
        "--device",
        metavar="NAME|FILE",
        help=f"a shipped budget or a budget file (default: that of the ledger, else {DEFAULT_DEVICE})",
    )
    parser.add_argument(
        "--ledger",
        type=Path,
        metavar="FILE|last",
        help="show beside it what looks took in a run, or in the last one",
    )
    parser.add_argument("--robot", default="arm7", help="whose last run (default: arm7)")
    parser.add_argument("--plot", type=arguments.png_file, metavar="PNG", help="also draw the shares there")
    arguments.add_json_argument(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Show it."""
    from perception import ledger_file
    from perception.compute_budget import load_budget, shipped_budgets
    from robot_runtime import budget_plot, compute_figures, kept_black_box, kept_ledger, machine, origin
    from robot_runtime.report import Report, emit

    measured_ms: dict[str, float] = {}
    source, recorded_on = "", None
    if options.ledger is not None:
        path = options.ledger
        if path == Path("last"):
            path = kept_ledger.path_of(options.robot, kept_black_box.folder())
        recorded = ledger_file.load(path)
        measured_ms, recorded_on = recorded.measured_ms(), recorded.header.device
        source = f"p95 of {path.name}"
    device = options.device
    if device is None:
        named = (name for name in shipped_budgets() if load_budget(name).device == recorded_on)
        device = next(named, DEFAULT_DEVICE)
    budget = load_budget(device)
    if recorded_on not in (None, budget.device):
        raise InputError(
            f"--ledger: {options.ledger} was recorded on {recorded_on!r}; allowed: {budget.device!r};"
            " give the --device of that run: times of one device say nothing of another"
        )
    found = compute_figures.figures(budget, measured_ms, source)
    if options.plot is not None:
        budget_plot.write(budget, measured_ms, options.plot)
    return emit(Report("models budget", origin.commit(), machine.describe(), found), options.json_path)

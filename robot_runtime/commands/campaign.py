"""`dynamical campaign`: long measurements that can be interrupted and go on."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers


def register(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "campaign",
        help="long measurements, resumable",
        description="Measure something long, piece by piece; what was measured at this commit is not measured again.",
        epilog="exit code 1 also while pieces are missing: run it again to go on.",
    )
    parser.add_argument("name", help="which campaign; `list` says which there are")
    parser.add_argument("--count", type=arguments.count, metavar="N", help="measure the first N pieces only")
    arguments.add_json_argument(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Run a slice of a campaign."""
    from robot_runtime import machine
    from robot_runtime.campaign import Campaign, names
    from robot_runtime.report import Report, emit

    if options.name == "list":
        print("\n".join(names()))
        return 0
    campaign = Campaign(options.name, options.count)
    quiet = options.json_path == "-"

    def tell(done: int, count: int, piece: object) -> None:
        if not quiet:
            print(f"{done} of {count}: {piece}", flush=True)

    complete = campaign.run(tell)
    report = Report(f"campaign {options.name}", campaign.commit, machine.describe(), tuple(campaign.figures()))
    code = emit(report, options.json_path)
    if not complete and not quiet:
        print("not complete yet: run it again to go on")
    return code if complete else 1

"""`dynamical eval`: measured quality. Each thing that is measured is one file, `eval_NAME.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robot_runtime.commands import eval_anomaly, eval_cascade, eval_planner, eval_policy

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers

MEASURED = (eval_cascade, eval_anomaly, eval_policy, eval_planner)


def register(commands: Subparsers) -> None:
    """Add the commands."""
    group = commands.add_parser(
        "eval",
        help="measured quality: cascade, anomaly, policy, planner",
        description="Measure how well something works on what it has never seen, beside what it is worth comparing to.",
    ).add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in MEASURED:
        module.register(group)

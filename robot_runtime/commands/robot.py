"""`dynamical robot`: robot files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rt_control.errors import InputError

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers
    from rt_control.description import RobotDescription
    from rt_control.robot_check import RobotReport


def register(commands: Subparsers) -> None:
    """Add the commands."""
    group = commands.add_parser(
        "robot",
        help="robot files: check one, or make one from a model",
        description="A robot file is one TOML beside an MJCF or URDF model.",
    ).add_subparsers(title="commands", metavar="COMMAND", required=True)

    check = group.add_parser(
        "check",
        help="say what is wrong with a robot file",
        description="Read a robot file strictly and compile it for rt_control. Exit code 2 when it cannot be used.",
    )
    check.add_argument("robot", help="name of a shipped robot, or a robot file")
    check.set_defaults(handler=check_command)

    make = group.add_parser(
        "import",
        help="make a robot file from an MJCF or URDF model",
        description="Draft a robot file. What the model does not say is a careful guess, marked CHECK.",
    )
    make.add_argument("model", type=Path, help="MJCF or URDF file")
    make.add_argument("--name", help="of the robot (default: the model's file name)")
    make.add_argument(
        "--tcp", metavar="SITE", help="site (MJCF) or link (URDF) at the tool centre point (default: tcp)"
    )
    make.add_argument(
        "--output", type=Path, metavar="FILE", help="robot file to write (default: robot.toml beside the model)"
    )
    make.add_argument("--force", action="store_true", help="overwrite the file")
    make.set_defaults(handler=import_command)


def check_command(options: argparse.Namespace) -> int:
    """Check a robot file."""
    from rt_control.description import load_robot
    from rt_control.robot_check import check_robot

    description = load_robot(options.robot)
    print_robot(description, check_robot(description))
    return 0


def import_command(options: argparse.Namespace) -> int:
    """Make a robot file."""
    from robot_runtime.robot_import import draft
    from rt_control.description import load_robot
    from rt_control.robot_check import check_robot

    output = options.output or options.model.parent / "robot.toml"
    if output.exists() and not options.force:
        raise InputError(f"{output} exists; give another --output, or --force to overwrite it")
    text = draft(options.model, output, options.name or options.model.stem, options.tcp)
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"--output: cannot write {str(output)!r} ({error.strerror}); give a file in a folder that exists"
        ) from error
    description = load_robot(output)
    print_robot(description, check_robot(description))
    print(
        f"\nwrote {output}: {text.count('# CHECK')} lines in it are marked CHECK; then: dynamical robot check {output}"
    )
    return 0


def print_robot(description: RobotDescription, report: RobotReport) -> None:
    """Print a robot for people, on standard output."""
    from rich.console import Console
    from rich.table import Table

    table = Table("axis", "kind", "lower", "upper", "velocity", "acceleration", "torque", box=None, pad_edge=False)
    for axis in description.axis:
        figures = (axis.lower, axis.upper, axis.velocity, axis.acceleration, axis.torque)
        table.add_row(axis.name, axis.kind, *(f"{value:g}" for value in figures))
    kind = "simulated" if description.robot.simulated else "real"
    bins = ", ".join(item.name for item in description.workcell.bin) or "none"
    console = Console(highlight=False)
    console.print(f"robot {description.name} ({kind}), model {description.model_path}", soft_wrap=True)
    console.print(f"poses: {', '.join(description.workcell.poses)}; bins: {bins}")
    console.print(f"cameras: {', '.join(item.name for item in description.camera) or 'none'}\n")
    console.print(table)
    x, y, z = report.pose_base_from_tcp_at_home[:3, 3]
    console.print(
        f"\nreach {report.reach_m:.3f} m from the first axis; tool centre point at home ({x:.3f}, {y:.3f}, {z:.3f}) m; "
        f"the slowest axis stops from full speed in {report.stopping_s:.2f} s; braking takes up to"
        f" {report.braking_torque_ratio:.0%} of the torque of an axis",
        soft_wrap=True,
    )
    zones = ", ".join(f"{item.name} ({item.kind})" for item in description.zone)
    console.print(
        f"shapes: {report.capsules} capsules, {report.pairs} pairs of them kept"
        f" {description.self_collision.clearance_m:g} m apart; {report.zones} zones{zones and ': ' + zones}"
        if report.capsules
        else "shapes: 0 capsules, 0 pairs, 0 zones: nothing keeps the arm from meeting itself; add [[capsule]]s",
        soft_wrap=True,
    )

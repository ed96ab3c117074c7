"""`dynamical tree`: the live tree in a terminal."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments
from rt_control.errors import WorkerLost

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers
    from robot_runtime.snapshots import TreeView

SNAPSHOT_LIMIT_S = 3.0


def register(commands: Subparsers) -> None:
    """Add the commands."""
    group = commands.add_parser(
        "tree",
        help="the live behaviour tree: show it once, or watch it",
        description="The behaviour tree of a running robot.",
    ).add_subparsers(title="commands", metavar="COMMAND", required=True)

    show = group.add_parser(
        "show", help="print the tree as it stands now", description="Print the tree as it stands now, every node."
    )
    show.add_argument("robot", nargs="?", help="name of the robot (default: the only one that runs)")
    arguments.add_json_argument(show)
    arguments.add_root_argument(show)
    show.set_defaults(handler=show_command)

    watch = group.add_parser(
        "watch",
        help="follow the tree live; s stops the robot",
        description="Follow the tree live, also across restarts of the robot. Keys: s stop, r reset, p pause or "
        "resume, q quit. Where the output is no terminal, a line is printed on each change.",
    )
    watch.add_argument("robot", nargs="?", help="name of the robot (default: the only one that runs)")
    watch.add_argument("--duration", type=arguments.positive_seconds, metavar="S", help="end after S seconds")
    arguments.add_root_argument(watch)
    watch.set_defaults(handler=watch_command)


def show_command(options: argparse.Namespace) -> int:
    """Print the tree once."""
    from rich.console import Console

    from robot_runtime.report import write_json
    from robot_runtime.run_folders import running_robot
    from robot_runtime.tree_watch import render_tree
    from rt_control.channels import RunDirectory

    robot = running_robot(options.robot, options.root).robot
    view = _snapshot(RunDirectory.open(robot, options.root).endpoint("agent.snapshots"))
    if options.json_path != "-":
        Console(highlight=False).print(render_tree(view, everything=True), end="", soft_wrap=True)
    if options.json_path is not None:
        write_json(view, options.json_path)
    return 0


def watch_command(options: argparse.Namespace) -> int:
    """Follow the tree."""
    from robot_runtime.run_folders import running_robot
    from robot_runtime.tree_watch import watch

    # A robot that is named may still be starting.
    robot = options.robot or running_robot(None, options.root).robot
    watch(robot, options.root, duration_s=options.duration)
    return 0


def _snapshot(endpoint: str) -> TreeView:
    """The next complete snapshot.

    Raises:
        WorkerLost: none came in time.
    """
    from robot_runtime.client import SnapshotReader

    reader = SnapshotReader(endpoint)
    try:
        until = time.monotonic() + SNAPSHOT_LIMIT_S
        while time.monotonic() < until:
            view = reader.read()
            if view is not None:
                return view
            time.sleep(0.01)
    finally:
        reader.close()
    raise WorkerLost(f"the agent sent no snapshot within {SNAPSHOT_LIMIT_S:g} s; see `dynamical rt status`")

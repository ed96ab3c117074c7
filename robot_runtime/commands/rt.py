"""`dynamical rt`: tier 1, the process that holds the motors."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments, rt_blackbox, rt_latency
from rt_control.errors import ChannelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from robot_runtime.commands.arguments import Subparsers
    from robot_runtime.report import Figure
    from rt_control import _native as native
    from rt_control.channels import RunDirectory

ANSWER_LIMIT_S = 3.0


def register(commands: Subparsers) -> None:
    """Add the commands."""
    group = commands.add_parser(
        "rt",
        help="the process that holds the motors: status, estop, reset, latency, blackbox, clean",
        description="Read and stop tier 1. These commands speak to rt_control itself, past the agent.",
    ).add_subparsers(title="commands", metavar="COMMAND", required=True)
    status = _add(group, "status", status_command, "what rt_control says of itself, now")
    arguments.add_json_argument(status)
    _add(group, "estop", estop_command, "stop the robot now (SS1, latched); it stays stopped until a reset")
    _add(group, "reset", reset_command, "end a latched stop; nothing moves before `dynamical mission resume`")
    rt_latency.register(group)
    rt_blackbox.register(group)
    clean = _add(group, "clean", clean_command, "remove what a crashed run left in shared memory", needs_robot=True)
    clean.epilog = "A robot that runs is never touched."


def status_command(options: argparse.Namespace) -> int:
    """Print the state."""
    from robot_runtime import machine, origin, tier1_status
    from robot_runtime.report import Report, write_json

    state = _read_state(_open(options))
    figures = tier1_status.figures(state, time.monotonic_ns())
    if options.json_path != "-":
        _print_status(figures, state)
    if options.json_path is not None:
        everything = figures + tier1_status.axis_figures(state)
        write_json(Report("rt status", origin.commit(), machine.describe(), everything), options.json_path)
    return 0


def estop_command(options: argparse.Namespace) -> int:
    """Stop the robot."""
    from robot_runtime.client import OperatorStop

    directory = _open(options)
    OperatorStop(directory).stop()
    return _wait(directory, lambda state: bool(state.latched), "stopped, latched; `dynamical rt reset` ends it")


def reset_command(options: argparse.Namespace) -> int:
    """End a latched stop."""
    from robot_runtime.client import OperatorStop

    directory = _open(options)
    if not _read_state(directory).latched:
        print("no stop is latched")
        return 0
    OperatorStop(directory).reset()
    return _wait(directory, lambda state: not state.latched, "reset; nothing moves before `dynamical mission resume`")


def clean_command(options: argparse.Namespace) -> int:
    """Remove the remains of a crashed run."""
    from rt_control.channels import clean

    removed = clean(options.robot, options.root)
    print(f"removed what a crashed run of {options.robot} left" if removed else f"{options.robot} left nothing behind")
    return 0


def _add(
    group: Subparsers,
    name: str,
    handler: Callable[[argparse.Namespace], int],
    text: str,
    *,
    needs_robot: bool = False,
) -> argparse.ArgumentParser:
    parser = group.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    if needs_robot:
        parser.add_argument("robot", help="name of the robot")
    else:
        parser.add_argument("robot", nargs="?", help="name of the robot (default: the only one that runs)")
    arguments.add_root_argument(parser)
    parser.set_defaults(handler=handler)
    return parser


def _open(options: argparse.Namespace) -> RunDirectory:
    from robot_runtime.run_folders import running_robot

    robot = running_robot(options.robot, options.root).robot
    from rt_control.channels import RunDirectory

    return RunDirectory.open(robot, options.root)


def _read_state(directory: RunDirectory) -> native.State:
    from rt_control import _native as native

    state = native.StateReader(directory.path("state")).read()
    if state is None:
        raise ChannelError("rt_control has not written its state yet; try again in a second")
    return state


def _wait(directory: RunDirectory, fulfilled: Callable[[native.State], bool], answer: str) -> int:
    """Wait until rt_control's state shows what was asked of it."""
    from robot_runtime.tier1_status import figures

    until = time.monotonic() + ANSWER_LIMIT_S
    while time.monotonic() < until:
        if fulfilled(_read_state(directory)):
            print(answer)
            return 0
        time.sleep(0.01)
    seen = {figure.name: figure.value for figure in figures(_read_state(directory), time.monotonic_ns())}
    print(
        f"rt_control did not do it within {ANSWER_LIMIT_S:g} s; "
        f"cause of the last stop: {seen['cause of the last stop']}"
    )
    return 1


def _print_status(figures: tuple[Figure, ...], state: native.State) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from robot_runtime.report import FILE_WIDTH, number

    table = Table(show_header=False, box=None, pad_edge=False)
    for figure in figures:
        table.add_row(
            figure.name, Text(f"{number(figure.value)} {figure.unit}".strip()), Text(figure.note, style="dim")
        )
    axes = Table("axis", "position", "velocity", "reference", box=None, pad_edge=False)
    for index in range(state.axes):
        values = (state.position[index], state.velocity[index], state.position_reference[index])
        axes.add_row(str(index + 1), *(f"{value:9.4f}" for value in values))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = FILE_WIDTH
    console.print(table)
    console.print()
    console.print(axes)

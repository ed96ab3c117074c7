"""`dynamical rt latency`: how late and how long the cycles of tier 1 are."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments

if TYPE_CHECKING:
    from pathlib import Path

    from robot_runtime.commands.arguments import Subparsers
    from robot_runtime.latency import Placement

DEFAULT_S = 10.0


def register(group: Subparsers) -> None:
    """Add the command."""
    text = "how late its cycles wake and how long they take, with cyclictest beside it"
    parser = group.add_parser(
        "latency",
        help=text,
        description=f"Measure {text}. If no robot runs, rt_control is started with a stand-in for its drives.",
    )
    parser.add_argument("robot", nargs="?", help="name of the robot (default: the only one that runs)")
    parser.add_argument("--seconds", type=arguments.positive_seconds, default=DEFAULT_S, metavar="N", help="how long")
    parser.add_argument("--png", type=arguments.png_file, metavar="PATH", help="also draw the histograms there")
    arguments.add_json_argument(parser)
    arguments.add_root_argument(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Measure, and tell."""
    from robot_runtime import latency, latency_plot, machine, origin
    from robot_runtime.report import Report, emit
    from rt_control.description import compile_model, load_robot

    directory = _running(options.robot, options.root)
    place = placement()
    if directory is not None:
        found, who = latency.measure(directory, place, options.seconds), directory.name
    else:
        model = compile_model(load_robot("arm7"))
        with latency.own_rt_control(model, place, moves=True) as own:
            found, who = latency.measure(own, place, options.seconds), "rt_control with a stand-in for its drives"
    here = machine.describe()
    if options.png is not None:
        kind = f"SCHED_FIFO {place.priority}" if place.priority else "ordinary scheduling"
        latency_plot.write(found, options.png, f"{who}: {options.seconds:g} s, {kind}, {here.preemption}")
    return emit(Report("rt latency", origin.commit(), here, found.figures()), options.json_path)


def placement() -> Placement:
    """rt_control where `dynamical run` puts it, cyclictest on another processor, both at the same priority."""
    from robot_runtime.latency import Placement
    from robot_runtime.processes import RealtimePlacement
    from robot_runtime.realtime_permission import may_use_fifo, realtime_cpu

    fifo = may_use_fifo()
    cpu = realtime_cpu()
    other = min(os.sched_getaffinity(0))
    return Placement(cpu, other, RealtimePlacement(cpu, fifo).rt_control_priority if fifo else 0)


def _running(robot: str | None, root: Path | None) -> Path | None:
    """The directory of the robot that runs; None if none does and none was named."""
    from robot_runtime.run_folders import run_folders, running_robot

    if robot is None and not any(folder.running for folder in run_folders(root)):
        return None
    return running_robot(robot, root).path

"""`dynamical eval planner`: does the local planner bring the arm through a crowd of boxes without touching one?"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers

SCENES = 20


def register(group: Subparsers) -> None:
    """Add the command to those of `eval`."""
    parser = group.add_parser(
        "planner",
        help="the local planner between 20 boxes, one of which appears on the way",
        description="Let the arm go to a random pose and back on a table with 20 random boxes, one of which appears "
        "in its way, in virtual time with modelled perception; the physics says what it touched. Exit code 1 when it "
        "touched anything. A scene takes about 5 s.",
    )
    parser.add_argument("--scenes", type=arguments.count, default=SCENES, metavar="N",
                        help=f"to try (default: {SCENES})")  # fmt: skip
    parser.add_argument("--seed", type=arguments.seed, default=0, metavar="S", help="of the first (default: 0)")
    arguments.add_json_argument(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Measure and show it."""
    from robot_runtime import machine, origin
    from robot_runtime.evaluation import planner_figures
    from robot_runtime.evaluation.planner_trial import PlannerEpisode, try_scene
    from robot_runtime.progress_lines import ProgressLines
    from robot_runtime.report import Report, emit
    from rt_control.description import load_robot

    progress = ProgressLines("scenes", lambda line: print(line, file=sys.stderr, flush=True))
    description = load_robot("arm7")
    episodes: list[PlannerEpisode] = []
    for seed in range(options.seed, options.seed + options.scenes):
        progress.at(len(episodes), options.scenes)
        episodes.append(try_scene(description, seed))
    figures = tuple(planner_figures.figures(episodes))
    return emit(Report("eval planner", origin.commit(), machine.describe(), figures), options.json_path)

"""`dynamical eval cascade`: does the cascade look closely where it has to, and how much computing does it save?"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers

FRAMES = 900


def register(group: Subparsers) -> None:
    """Add the command to those of `eval`."""
    parser = group.add_parser(
        "cascade",
        help="the cascade beside always level 1, always level 2, looks by lot and an oracle, on the same images",
        description="Render episodes of 10 s at 30 Hz that no model was trained on, and show them to the cascade, to "
        "what it is compared with, and to the cascade without each of its parts. Exit code 1 when it saves too little, "
        "loses too much, is worse than looks by lot, or misses a person in the workspace.",
    )
    parser.add_argument(
        "--frames",
        type=arguments.count,
        default=FRAMES,
        metavar="N",
        help=f"images in all; 300 are an episode (default: {FRAMES})",
    )
    parser.add_argument("--seed", type=arguments.seed, default=0, metavar="S", help="of the episodes (default: 0)")
    parser.add_argument(
        "--plot", type=arguments.png_file, metavar="PNG", help="also draw computing time against quality there"
    )
    arguments.add_json_argument(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Measure and show it."""
    from robot_runtime import machine, origin
    from robot_runtime.evaluation import cascade_figures, cascade_plot
    from robot_runtime.evaluation.cascade_trial import EpisodeResult, episodes_of, open_trial
    from robot_runtime.progress_lines import ProgressLines
    from robot_runtime.report import Report, emit
    from sim.evaluation_sequences import EPISODE_FRAMES

    sizes = episodes_of(options.frames, EPISODE_FRAMES)
    results: list[EpisodeResult] = []
    sweep = options.plot is not None

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    progress = ProgressLines("image", say)
    with open_trial() as trial:
        for number, frames in enumerate(sizes):

            def tell(share: float, doing: str, number: int = number, frames: int = frames) -> None:
                done = sum(sizes[:number]) + round(share * frames)
                progress.at(done, options.frames, f"episode {number + 1}, {doing}")

            results.append(trial.episode(options.seed, number, frames, sweep, tell))
            progress.at(sum(sizes[: number + 1]), options.frames, str(results[-1]), always=True)
    if options.plot is not None:
        images = f"{len(sizes)} episode{'s' if len(sizes) > 1 else ''}, {options.frames} images"
        cascade_plot.write(cascade_figures.totals(results), options.plot, f"when level 2 looks: {images}")
    figures = tuple(cascade_figures.figures(results))
    return emit(Report("eval cascade", origin.commit(), machine.describe(), figures), options.json_path)

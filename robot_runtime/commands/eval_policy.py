"""`dynamical eval policy`: do policies grasp what is displaced while they reach for it, and how late may they be?"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments

if TYPE_CHECKING:
    from pathlib import Path

    from robot_runtime.commands.arguments import Subparsers

EPISODES = 20
DELAYS_MS = (0, 50, 100, 150, 200, 250, 300)
POLICIES = ("dynamical_act_small", "dynamical_flow_small")
REPLAYED, REPLAY_SEED = 400, 77


def register(group: Subparsers) -> None:
    """Add the command to those of `eval`."""
    parser = group.add_parser(
        "policy",
        help="learned policies on the disturbed task, with every way to join chunks and delays up to 300 ms",
        description="Let policies pick an object that is displaced by 4 cm while the hand is on its way, in virtual "
        "time with the oracle perception; neither the expert that they learned from nor inverse kinematics can be "
        "imported there. Beside them the nearest demonstration is repeated. Exit code 1 when a policy succeeds too "
        "rarely, bears delay too badly, stalls, or is joined in another than the best way. All of it takes about a "
        "second for each episode, policy, way to join and delay; the options choose less.",
    )
    parser.add_argument("--episodes", type=arguments.count, default=EPISODES, metavar="N",
                        help=f"for each condition (default: {EPISODES})")  # fmt: skip
    parser.add_argument("--seed", type=arguments.seed, default=0, metavar="S", help="of the first (default: 0)")
    parser.add_argument("--policy", action="append", metavar="MODEL",
                        help=f"model to try, also several times (default: {', '.join(POLICIES)})")  # fmt: skip
    parser.add_argument("--seam", action="append", type=_seam, metavar="SEAM",
                        help="way to join chunks, also several times (default: all; see docs/policies.md)")  # fmt: skip
    delays = ", ".join(map(str, DELAYS_MS))
    parser.add_argument("--delay", action="append", type=arguments.count_or_none, metavar="MS",
                        help=f"of the policy, also several times (default: {delays})")  # fmt: skip
    parser.add_argument("--no-replay", action="store_true", help="leave out the nearest demonstration")
    parser.add_argument("--folder", type=_path, help="for demonstrations (default: ~/.cache/dynamical/training)")
    parser.add_argument("--plot", type=arguments.png_file, metavar="PNG", help="also draw success over delay there")
    arguments.add_json_argument(parser)
    parser.set_defaults(handler=handle)


def _seam(text: str) -> str:
    from policies.seam import SEAMS

    if text not in SEAMS:
        raise argparse.ArgumentTypeError(f"{text!r} is no way to join chunks; allowed: {', '.join(SEAMS)}")
    return text


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text)


def handle(options: argparse.Namespace) -> int:
    """Measure and show it."""
    from policies.seam import SEAMS
    from robot_runtime import line_plot, machine, origin
    from robot_runtime.commands.models_train import require_torch
    from robot_runtime.evaluation import policy_figures
    from robot_runtime.evaluation.policy_sweep import REPLAY, Condition, sweep
    from robot_runtime.policy_setup import activate_policy, seam_of
    from robot_runtime.progress_lines import ProgressLines
    from robot_runtime.report import Report, emit

    policies = tuple(options.policy or POLICIES)
    defaults = {name: seam_of(activate_policy(name)) for name in policies}
    conditions = [
        Condition(policy, seam, delay)
        for policy in policies
        for seam in options.seam or SEAMS
        for delay in options.delay or DELAYS_MS
    ]
    demonstrations = None
    if not options.no_replay:
        require_torch("eval policy without --no-replay")
        conditions.insert(0, Condition(REPLAY, "forward", 0))
        demonstrations = demonstrations_folder(options.folder)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    progress = ProgressLines("tries", say)
    seeds = range(options.seed, options.seed + options.episodes)
    processes = max((os.cpu_count() or 1), 1)
    results = sweep("arm7", conditions, seeds, progress.at, demonstrations, processes)
    if options.plot is not None:
        line_plot.write(policy_figures.panels(results), options.plot)
    figures = tuple(policy_figures.figures(results, defaults))
    return emit(Report("eval policy", origin.commit(), machine.describe(), figures), options.json_path)


def demonstrations_folder(folder: Path | None) -> Path:
    """Of demonstrations that the baseline repeats; they are recorded if they are not there."""
    from robot_runtime import training_folder
    from robot_runtime.progress_lines import ProgressLines
    from robot_runtime.training_data import data_folder
    from robot_runtime.training_demonstrations import record

    path = data_folder(folder or training_folder.folder(), "demonstrations", "training", REPLAY_SEED, REPLAYED)
    progress = ProgressLines("demonstrations", lambda line: print(line, file=sys.stderr, flush=True))
    record(path, REPLAY_SEED, REPLAYED, progress.at, os.cpu_count() or 1)
    return path

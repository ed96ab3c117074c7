"""`dynamical eval anomaly`: does the scene model notice what is unusual, and is what it says of a scene right?"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, cast

from robot_runtime.commands import arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.roles import SceneModel
    from robot_runtime.commands.arguments import Subparsers
    from sim.training_clips import Clip

FRAMES = 1600


def register(group: Subparsers) -> None:
    """Add the command to those of `eval`."""
    parser = group.add_parser(
        "anomaly",
        help="the scene model on clips in which something happens, and on clips in which all is normal",
        description="Render clips of four images that no model was trained on, in half of which something happens that "
        "should not, and show them to the model that serves the role scene. Exit code 1 when it takes too long for "
        "level 3.",
    )
    parser.add_argument(
        "--frames",
        type=arguments.count,
        default=FRAMES,
        metavar="N",
        help=f"images in all; four are a clip (default: {FRAMES})",
    )
    parser.add_argument("--seed", type=arguments.seed, default=0, metavar="S", help="of the clips (default: 0)")
    arguments.add_json_argument(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Measure and show it."""
    from models import backends
    from models.registry import Registry
    from robot_runtime import machine, model_folders, origin
    from robot_runtime.evaluation import anomaly_trial
    from robot_runtime.report import Report, emit
    from sim.training_clips import FRAMES as IMAGES_PER_CLIP

    clips = anomaly_trial.evaluation_clips(options.frames, options.seed)
    with Registry(model_folders.folder()) as registry:
        model = cast("SceneModel", registry.activate("scene", backends.get(backends.DEFAULT)).fills)
        trial = anomaly_trial.try_model(model, _told(clips, options.frames // IMAGES_PER_CLIP))
    figures = tuple(anomaly_trial.figures(trial))
    return emit(Report("eval anomaly", origin.commit(), machine.describe(), figures), options.json_path)


def _told(clips: Iterator[Clip], count: int) -> Iterator[Clip]:
    """The same clips; says how far it is."""
    from robot_runtime.progress_lines import ProgressLines

    progress = ProgressLines("clips", lambda line: print(line, file=sys.stderr, flush=True))
    for number, clip in enumerate(clips, start=1):
        yield clip
        progress.at(number, count)

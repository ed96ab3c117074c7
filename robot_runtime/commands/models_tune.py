"""`models tune`: fits what the detector's scores mean, and the thresholds of closer looks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments

if TYPE_CHECKING:
    from robot_runtime.commands.arguments import Subparsers

IMAGES = 800
EPISODES = 6
SLACK = 0.2
# Added to the seed: no image or episode that a model is trained or measured with.
FITTING, CHECKING, EPISODE_SEED = 3_000_000, 4_000_000, 5_000_000


def register(group: Subparsers) -> None:
    """Add the command to those of `models`."""
    parser = group.add_parser(
        "tune",
        help="fit what the detector's scores mean, and when a closer look is worth it",
        description="Fit the calibration of the bound detector on rendered images and measure it on others; then try "
        "values of each threshold of closer looks on episodes, and keep those that are surely better, or as good and "
        "clearly cheaper. Exit code 1 if the calibration or its guarantee does not hold. docs/training.md says what "
        "the report shows.",
    )
    parser.add_argument("--images", type=arguments.count, default=IMAGES, metavar="N", help=f"(default: {IMAGES})")
    parser.add_argument("--seed", type=arguments.seed, default=1, help="of the images (default: 1)")
    parser.add_argument("--folder", type=Path, help="for data and report (default: ~/.cache/dynamical/training)")
    parser.add_argument(
        "--episodes",
        type=arguments.count_or_none,
        default=EPISODES,
        metavar="N",
        help=f"of 10 s, for the thresholds; about a minute each; 0: leave them (default: {EPISODES})",
    )
    parser.add_argument(
        "--slack",
        type=_points,
        default=SLACK,
        metavar="POINTS",
        help=f"of mAP50 that less computing may cost, and that a gain has to exceed (default: {SLACK:g})",
    )
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="write calibration and thresholds there, to ship")
    arguments.add_json_argument(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Tune."""
    from typing import cast

    from models import backends
    from models.registry import Registry
    from models.roles import Detector, FeatureExtractor
    from models.training.dataset import Dataset
    from perception.cascade_models import user_calibration
    from perception.trigger_file import USER_FILE, load_triggers, write_triggers
    from robot_runtime import line_plot, machine, model_folders, model_tuning, origin, training_folder
    from robot_runtime.evaluation import threshold_tuning
    from robot_runtime.evaluation.cascade_trial import open_trial
    from robot_runtime.progress_lines import ProgressLines
    from robot_runtime.report import Report, emit
    from robot_runtime.training_data import data_folder, render_images
    from sim.evaluation_sequences import EPISODE_FRAMES

    def say(line: str) -> None:
        if options.json_path != "-":
            print(line, flush=True)

    folder = options.folder or training_folder.folder()
    user = model_folders.folder()
    with Registry(user) as registry:
        backend = backends.get(backends.DEFAULT)
        detector = registry.activate("detector", backend)
        features = registry.activate("features", backend)
        say(f"tunes {detector.manifest.name} with closer looks of {features.manifest.name}")
        samples = []
        for offset in (FITTING, CHECKING):
            path = data_folder(folder, "images", "tuning", options.seed + offset, options.images)
            render_images(path, options.seed + offset, options.images, "tuning", ProgressLines("images", say).at)
            samples.append(
                model_tuning.sample(
                    Dataset(path),
                    cast(Detector, detector.fills),
                    cast(FeatureExtractor, features.fills),
                    ProgressLines("looked at", say).at,
                )
            )
    name = detector.manifest.name
    tuning = model_tuning.tune(samples[0], samples[1], detector.manifest, load_triggers(user).confidence)
    curves = []
    if options.episodes:
        progress, tallies = ProgressLines("episodes", say), []
        with open_trial(tuning.calibration) as trial:
            compared = threshold_tuning.strategies(trial.config)
            for number in range(options.episodes):
                tallies.append(trial.compare(compared, options.seed + EPISODE_SEED, number, EPISODE_FRAMES))
                progress.at(number + 1, options.episodes, always=True)
            curves = threshold_tuning.curves(trial.config, tallies)
    chosen = {curve.name: curve.choose(options.slack)[0] for curve in curves}
    calibration, thresholds = user_calibration(user, name), user / USER_FILE
    if options.into is not None:
        calibration = options.into / "calibrations" / f"{name}.json"
        thresholds = options.into / "thresholds" / "default.toml"
    tuning.calibration.save(calibration)
    if chosen:
        write_triggers(thresholds, **chosen)
    command = (
        f"models tune --images {options.images} --episodes {options.episodes} --seed {options.seed}"
        f" --slack {options.slack:g}"
    )
    figures = (*tuning.figures, *threshold_tuning.figures(curves, options.slack))
    report = Report(command, origin.commit(), machine.describe(), figures)
    run = folder / "runs" / f"tune-{name}-seed{options.seed}-{options.images}"
    run.mkdir(parents=True, exist_ok=True)
    line_plot.write(tuning.panels, run / "calibration.png")
    pictures = "![calibration](calibration.png)\n"
    if curves:
        line_plot.write(threshold_tuning.panels(curves, options.slack), run / "thresholds.png")
        pictures += "![thresholds](thresholds.png)\n"
    (run / "report.md").write_text(f"{report.markdown()}\n{pictures}", encoding="utf-8")
    say(f"calibration: {calibration}; thresholds: {thresholds}; report: {run / 'report.md'}")
    return emit(report, options.json_path)


def _points(text: str) -> float:
    """Points of mAP: a number from 0 to below 100."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 100.0:
        raise argparse.ArgumentTypeError(f"{text!r} are no points; give a number from 0 to below 100, e.g. 0.2")
    return value

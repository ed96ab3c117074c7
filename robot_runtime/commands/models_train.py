"""`models train`: renders data, trains a network, measures it, and makes a model of it."""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from robot_runtime.commands import arguments
from rt_control.errors import InputError

if TYPE_CHECKING:
    from types import FrameType, TracebackType

    from models.registry import Registry, StoredModel
    from robot_runtime.commands.arguments import Subparsers
    from robot_runtime.model_training import TrainedModel, TrainingRequest

LICENCE = "Apache-2.0"
EXIT_STOPPED = 130


def register(group: Subparsers) -> None:
    """Add the command to those of `models`."""
    parser = group.add_parser(
        "train",
        help="render data and train the network of a role; Ctrl-C stops it, the same command goes on",
        description="Render images with labels, or record demonstrations of a scripted expert in the simulation; train "
        "the network that fills a role (and the other roles of that network), measure it on what it was not trained "
        "on, and make a model of it. Ctrl-C stops it, and the same command goes on. docs/training.md says how long it "
        "takes.",
    )
    parser.add_argument(
        "wanted",
        type=arguments.trained,
        metavar="WHAT",
        help=f"role that the network shall fill, or kind of policy: {', '.join(arguments.TRAINED)}",
    )
    parser.add_argument("--variant", choices=("small", "medium"), default="small", help="(default: small)")
    parser.add_argument(
        "--images",
        type=arguments.count,
        metavar="N",
        help="to render and train on (clips for scene, demonstrations for act and flow)",
    )
    parser.add_argument("--steps", type=arguments.count, metavar="N", help="of the training")
    parser.add_argument("--seed", type=arguments.seed, default=1, help="of images, weights and batches (default: 1)")
    parser.add_argument("--folder", type=Path, help="for data and checkpoints (default: ~/.cache/dynamical/training)")
    parser.add_argument("--threads", type=arguments.count, metavar="N", help="of PyTorch (default: all cores)")
    parser.add_argument("--name", help="of the model (default: my_NETWORK_VARIANT)")
    parser.add_argument("--bind", action="store_true", help="let it serve its roles from now on")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="make the model there, for those who ship models")
    arguments.add_json_argument(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Train."""
    require_torch("models train")
    from models.registry import Registry
    from robot_runtime import machine, model_folders, model_training, origin, training_folder
    from robot_runtime.model_training import TrainingRequest
    from robot_runtime.progress_lines import ProgressLines
    from robot_runtime.report import Report, emit
    from robot_runtime.training_plan import plan_for

    plan = plan_for(options.wanted)
    registry = Registry(model_folders.folder())
    short = plan.name or plan.adapter.removeprefix("dynamical_")
    name = options.name or f"my_{short}_{options.variant}"
    if options.into is not None:
        registry = Registry(options.into, options.into / ".none")
        name = options.name or f"dynamical_{short}_{options.variant}"
    if name in registry.names():
        raise InputError(f"model {name!r} is there already; give another --name, or remove {registry.user / name}")
    images = options.images or plan.images
    if images < plan.least:
        raise InputError(f"--images {images} is too few for {plan.adapter}; give at least {plan.least}")
    asked = TrainingRequest(
        wanted=options.wanted,
        plan=plan,
        variant=options.variant,
        images=images,
        steps=options.steps or plan.steps,
        seed=options.seed,
        folder=options.folder or training_folder.folder(),
        threads=options.threads or os.cpu_count() or 1,
    )

    def say(line: str) -> None:
        if options.json_path != "-":
            print(line, flush=True)

    say(f"trains {plan.adapter} ({', '.join(plan.roles)}) in {asked.run_folder}")
    rendering, training = ProgressLines(plan.data, say), ProgressLines("step", say)

    def tell(line: dict[str, float]) -> None:
        words = [f"{key} {value:.3g}" for key, value in line.items() if key not in model_training.NOT_LOSSES]
        training.at(round(line["step"]), asked.steps, ", ".join(words), always=True)

    with StopOnInterrupt() as stop:
        model = model_training.train_model(asked, rendering.at, tell, stop)
    if model is None:
        say(f"stopped; the same command goes on from {asked.run_folder}")
        return EXIT_STOPPED
    report = Report(asked.command.removeprefix("dynamical "), origin.commit(), machine.describe(), model.figures)
    model_training.write_curves(model, asked.run_folder / "curves.png")
    (asked.run_folder / "report.md").write_text(f"{report.markdown()}\n![curves](curves.png)\n", encoding="utf-8")
    stored = _add(asked, model, registry, name)
    for role in plan.roles if options.bind else ():
        registry.bind(role, name)
    say(f"model {name}: {stored.folder}; report: {asked.run_folder / 'report.md'}")
    return emit(report, options.json_path)


def require_torch(command: str) -> None:
    """Refuse to begin without PyTorch.

    Raises:
        InputError: it is not installed.
    """
    if importlib.util.find_spec("torch") is None:
        raise InputError(f"{command}: PyTorch is not installed; `pip install 'dynamical[train]'`")


class StopOnInterrupt:
    """Whether the user pressed Ctrl-C since this was asked first; a second Ctrl-C ends the program as ever.

    A context manager that leaves Ctrl-C as it found it.
    """

    def __init__(self) -> None:
        self._stop = False
        self._before = signal.getsignal(signal.SIGINT)

    def __enter__(self) -> StopOnInterrupt:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def __call__(self) -> bool:
        """Asked by a training, after each step; what comes before it may simply end."""
        if not self._stop:
            signal.signal(signal.SIGINT, self._on_interrupt)
        return self._stop

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        self._stop = True
        signal.signal(signal.SIGINT, self._before)


def _add(asked: TrainingRequest, model: TrainedModel, registry: Registry, name: str) -> StoredModel:
    from models import backends
    from models.adding import Addition, Settings, add

    settings = Settings(
        variant="medium" if asked.variant == "medium" else "small",
        source=f"trained on {asked.images} simulated {asked.plan.data} of seed {asked.seed}",
        class_names=list(asked.plan.class_names),
        gflop_per_run=model.gflop_per_run,
        training_command=asked.command,
        data_seed=asked.seed,
        postprocessing=model.postprocessing,
    )
    addition = Addition(model.file, asked.plan.roles, asked.plan.adapter, LICENCE, name, settings)
    return add(registry, addition, backends.get(backends.DEFAULT))

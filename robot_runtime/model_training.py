"""Trains a network: data, training, export, report. Each part goes on where it was interrupted. Needs PyTorch."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import msgspec
import torch
from torch import nn

from models import adapters
from models.manifest import Parameter
from models.training.export import export_onnx, multiply_adds
from models.training.loop import Schedule, read_history, train
from robot_runtime import line_plot
from robot_runtime.line_plot import Line, Panel
from robot_runtime.report import Figure
from robot_runtime.training_data import Purpose, data_folder
from robot_runtime.training_plan import TrainingPlan, plan_for
from rt_control.errors import InputError

# Added to the seed of the training images, so that no image is in two sets.
HELD_OUT, UNSEEN = 1_000_000, 2_000_000
REQUEST_FILE = "training.json"
NOT_LOSSES = ("step", "seconds", "score")


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What to train.

    Attributes:
        wanted: name of the plan, or a role that it shall fill; its plan trains all roles of its network.
        plan: see there.
        variant: `small` or `medium`.
        images: to train on.
        steps: of the optimiser.
        seed: of images, weights and batches.
        folder: for data sets and runs.
        threads: of PyTorch.
    """

    wanted: str
    plan: TrainingPlan
    variant: str
    images: int
    steps: int
    seed: int
    folder: Path
    threads: int

    @property
    def command(self) -> str:
        """That trains it anew."""
        return (
            f"dynamical models train {self.wanted} --variant {self.variant} --images {self.images}"
            f" --steps {self.steps} --seed {self.seed}"
        )

    @property
    def run_folder(self) -> Path:
        """Of checkpoint, history, network and report."""
        name = f"{self.plan.adapter}-{self.variant}-seed{self.seed}-{self.images}x{self.steps}"
        return self.folder / "runs" / name


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What came of it.

    Attributes:
        file: ONNX.
        gflop_per_run: a multiply-add counted as two.
        figures: how good it is on images that it was not trained on.
        panels: its curves.
        postprocessing: parameters of its adapter.
    """

    file: Path
    gflop_per_run: float
    figures: tuple[Figure, ...]
    panels: tuple[Panel, ...]
    postprocessing: dict[str, Parameter]


def train_model(
    asked: TrainingRequest,
    tell_data: Callable[[int, int], None],
    tell: Callable[[dict[str, float]], None],
    stop: Callable[[], bool],
) -> TrainedModel | None:
    """Render, train, export and measure.

    Args:
        asked: what.
        tell_data: called with how many images there are, and how many there will be.
        tell: see `train`.
        stop: see `train`.

    Returns:
        None if it was stopped while it trained.

    Raises:
        InputError: there is no off-screen OpenGL, or the folder holds another training.
        DynamicalError: the exported network does not answer as the trained one.
    """
    plan, folder = asked.plan, asked.run_folder
    held_out = min(plan.held_out, asked.images)
    sets: list[tuple[Purpose, int, int]] = [
        ("training", asked.seed, asked.images),
        ("held-out", asked.seed + HELD_OUT, held_out),
    ]
    if plan.unseen:
        sets.append(("unseen", asked.seed + UNSEEN, held_out))
    paths = [data_folder(asked.folder, plan.data, *item) for item in sets]
    for path, (purpose, seed, count) in zip(paths, sets, strict=True):
        plan.render(path, seed, count, purpose, tell_data)
    cv2.setNumThreads(1)
    torch.set_num_threads(asked.threads)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / REQUEST_FILE).write_bytes(msgspec.json.encode({"wanted": asked.wanted, "variant": asked.variant}))
    schedule = Schedule(asked.steps, plan.batch, plan.rate, validations=plan.validations)
    network = train(plan.recipe(asked.variant, paths[0], paths[1]), schedule, folder, asked.seed, tell, stop)
    if network is None:
        return None
    file = folder / "model.onnx"
    cost = export_network(plan, network, file)
    history = read_history(folder)
    measured = [line for line in history if "score" in line]
    measures = plan.recipe(asked.variant, paths[-1], paths[-1]).validate(network)
    figures = (
        *_figures(measured[-1], measures, plan.unseen),
        Figure(name=f"{plan.data} trained on", value=asked.images),
        Figure(name="steps", value=asked.steps),
        Figure(name="training took", value=history[-1]["seconds"] / 60.0, unit="min"),
        Figure(name="parameters", value=sum(item.numel() for item in network.parameters())),
        Figure(name="cost of a run", value=cost, unit="GFLOP"),
    )
    return TrainedModel(file, cost, figures, panels(history, measures), dict(plan.postprocessing(network, paths[1])))


def panels(history: Sequence[Mapping[str, float]], measures: Iterable[str]) -> tuple[Panel, ...]:
    """Curves over the steps.

    Args:
        history: see `read_history`.
        measures: names of what is a measure, and no loss.
    """
    measures = [name for name in measures if name != "score"]
    names = dict.fromkeys(name for line in history for name in line)
    losses = [name for name in names if name not in (*NOT_LOSSES, *measures)]
    shares = [name for name in measures if all(0.0 <= line.get(name, 0.0) <= 1.0 for line in history)]
    wanted = (
        ("losses", losses, True),
        ("measures, held-out data", shares, False),
        ("measures with units, held-out data", [name for name in measures if name not in shares], True),
    )
    return tuple(
        Panel(title, "step", tuple(_line(name, history) for name in names), log_y)
        for title, names, log_y in wanted
        if names
    )


def write_curves(model: TrainedModel, path: Path) -> None:
    """Draw the curves into a PNG file."""
    line_plot.write(model.panels, path)


def _line(name: str, lines: Sequence[Mapping[str, float]]) -> Line:
    given = [line for line in lines if name in line]
    return Line(name, [line["step"] for line in given], [line[name] for line in given])


def _figures(held_out: dict[str, float], last: dict[str, float], unseen: bool) -> list[Figure]:
    found = []
    for name, value in last.items():
        if name != "score":
            found.append(_figure(f"{name}, held-out data", held_out[name]))
            if unseen:
                found.append(_figure(f"{name}, colours and sizes that it never saw", value))
    return found


def _figure(name: str, value: float) -> Figure:
    if math.isfinite(value):
        return Figure(name=name, value=value)
    return Figure(name=name, value=None, note="too few things there, or no answer for half of them")


def export_network(plan: TrainingPlan, network: nn.Module, path: Path) -> float:
    """Write a network as ONNX.

    Returns:
        GFLOP of a run with a batch of one, a multiply-add counted as two.

    Raises:
        DynamicalError: the file does not answer as the network does.
    """
    adapter = adapters.get(plan.adapter)
    examples = plan.examples(adapter)
    any_count = isinstance(adapter.inputs[0].shape[0], str)
    names = [str(item.name) for item in adapter.inputs]
    export_onnx(network, examples, names, [str(item.name) for item in adapter.outputs], path, any_count)
    return 2e-9 * multiply_adds(network, *(example[:1] for example in examples))


def export_checkpoint(run_folder: Path, path: Path) -> int:
    """Write the network of a training as ONNX, as far as it has come.

    Returns:
        The number of steps that it was trained for.

    Raises:
        InputError: there is no training in the folder.
        DynamicalError: the file does not answer as the network does.
    """
    try:
        request = msgspec.json.decode((run_folder / REQUEST_FILE).read_bytes(), type=dict[str, str])
        saved = torch.load(run_folder / "checkpoint.pt", weights_only=True)
    except (OSError, msgspec.DecodeError, RuntimeError, pickle.UnpicklingError) as error:
        raise InputError(
            f"{run_folder}: holds no training ({error}); give the folder that `dynamical models train` named"
        ) from None
    plan = plan_for(request["wanted"])
    network = plan.network(request["variant"])
    network.load_state_dict(saved["smoothed"])
    export_network(plan, network, path)
    return int(saved["step"])

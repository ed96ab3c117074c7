"""What can be trained here: for each shipped network its recipe, its data and how long it takes. Needs PyTorch."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from models import adapters
from models.adapters import Adapter
from models.manifest import Parameter
from models.roles import Role
from models.training import scene
from models.training.clips import FACTS
from models.training.level_one import LevelOneRecipe
from models.training.level_two import LevelTwoRecipe
from models.training.loop import Recipe
from models.training.networks import LEVEL_ONE, LEVEL_TWO, SHAPES, LevelOneNetwork, LevelTwoNetwork
from models.training.policy_network import KNOT_SPACING_S, example_moments
from models.training.policy_recipes import PolicyRecipe, make_network
from models.training.scene import SceneRecipe
from models.training.scene_measures import LEAST_CLIPS
from models.training.scene_network import SCENE, SceneNetwork
from models.training.truth import DETECTOR_CLASSES
from robot_runtime.training_clip_data import render_clips
from robot_runtime.training_data import Purpose, Tell, render_images
from robot_runtime.training_demonstrations import record
from rt_control.errors import InputError
from sim.random_table import SEEN, UNSEEN


def _example_images(adapter: Adapter) -> tuple[Tensor, ...]:
    (image,) = adapter.inputs
    shape = [2 if isinstance(size, str) else size for size in image.shape]
    return (torch.rand(shape, generator=torch.Generator().manual_seed(0)),)


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How one network is trained, for all the roles of its adapter.

    Attributes:
        adapter: that understands the network; its tensors are those of the exported file.
        class_names: in the order of the network's classes; empty without.
        network: of a variant, with random weights.
        recipe: of a variant, from the folders of training and held-out data.
        render: what is missing of a data set, from folder, seed, count, purpose, and who is told of the progress.
        data: kind of it, in a word.
        images: to train on (clips, where the data are clips), a default; at `least` so many.
        steps, batch, rate, validations: see `Schedule`; steps are a default.
        held_out: to measure with, at most.
        examples: arrays that the network of an adapter takes.
        unseen: whether it is also measured on things whose colours and sizes no training set holds.
        name: by which it is asked for, where its roles do not tell it from another plan; empty otherwise.
        postprocessing: parameters of the adapter that follow from the trained network and the held-out data.
    """

    adapter: str
    class_names: tuple[str, ...]
    network: Callable[[str], nn.Module]
    recipe: Callable[[str, Path, Path], Recipe]
    render: Callable[[Path, int, int, Purpose, Tell], None]
    data: str
    images: int
    steps: int
    batch: int
    rate: float
    validations: int = 8
    least: int = 1
    held_out: int = 800
    examples: Callable[[Adapter], tuple[Tensor, ...]] = _example_images
    unseen: bool = True
    name: str = ""
    postprocessing: Callable[[nn.Module, Path], Mapping[str, Parameter]] = lambda network, held_out: {}

    @property
    def roles(self) -> tuple[Role, ...]:
        """That its network fills."""
        return adapters.get(self.adapter).roles


def _render_clips(folder: Path, seed: int, count: int, purpose: Purpose, tell: Tell) -> None:
    """Something happens in half of those that measure; a training looks at normal ones only."""
    abnormal_share = 0.0 if purpose == "training" else 0.5
    render_clips(folder, seed, count, abnormal_share, UNSEEN if purpose == "unseen" else SEEN, tell)


def _record(folder: Path, seed: int, count: int, purpose: Purpose, tell: Tell) -> None:
    record(folder, seed, count, tell, os.cpu_count() or 1)


def _ordinary(network: nn.Module, held_out: Path) -> dict[str, Parameter]:
    return {name: [*values] for name, values in scene.postprocessing(network, held_out).items()}


LEVEL_ONE_PLAN = TrainingPlan(
    adapter="dynamical_level1",
    class_names=DETECTOR_CLASSES,
    network=lambda variant: LevelOneNetwork(LEVEL_ONE[variant]),
    recipe=LevelOneRecipe,
    render=render_images,
    data="images",
    images=12_000,
    steps=5_000,
    batch=32,
    rate=2.5e-3,
)
LEVEL_TWO_PLAN = TrainingPlan(
    adapter="dynamical_level2",
    class_names=SHAPES,
    network=lambda variant: LevelTwoNetwork(LEVEL_TWO[variant]),
    recipe=LevelTwoRecipe,
    render=render_images,
    data="images",
    images=12_000,
    steps=4_000,
    batch=96,
    rate=2.5e-3,
)
SCENE_PLAN = TrainingPlan(
    adapter="dynamical_scene",
    class_names=FACTS,
    network=lambda variant: SceneNetwork(SCENE[variant]),
    recipe=SceneRecipe,
    render=_render_clips,
    data="clips",
    images=3_000,
    steps=1_300,
    batch=16,
    rate=1.2e-3,
    validations=3,
    least=2 * LEAST_CLIPS,  # half of the held-out ones are abnormal
    postprocessing=_ordinary,
)


def _policy_plan(kind: str, adapter: str) -> TrainingPlan:
    return TrainingPlan(
        adapter=adapter,
        class_names=(),
        network=lambda variant: make_network(kind, variant),
        recipe=lambda variant, training, held_out: PolicyRecipe(kind, variant, training, held_out),
        render=_record,
        data="demonstrations",
        images=2_600,
        steps=4_500,
        batch=256,
        rate=1e-3,
        held_out=160,
        examples=lambda adapter: example_moments(len(adapter.inputs) > 2),
        unseen=False,
        name=kind,
        postprocessing=lambda network, held_out: {"spacing_s": KNOT_SPACING_S, "seam": "forward"},
    )


PLANS = (
    LEVEL_ONE_PLAN,
    LEVEL_TWO_PLAN,
    SCENE_PLAN,
    _policy_plan("act", "action_chunk"),
    _policy_plan("flow", "flow_chunk"),
)
NAMES = tuple(name for plan in PLANS for name in ((plan.name,) if plan.name else plan.roles))
"""What can be asked for."""


def plan_for(name: str) -> TrainingPlan:
    """The plan of a name, or whose network fills a role.

    Raises:
        InputError: none does.
    """
    for plan in PLANS:
        if name == plan.name or not plan.name and name in plan.roles:
            return plan
    raise InputError(
        f"no network for {name!r} is trained here; allowed: {', '.join(NAMES)}; `dynamical models add` a file"
    )

"""What can be trained here: for each shipped network its recipe, its data and how long it takes. Needs PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from models import adapters
from models.manifest import Parameter
from models.roles import Role
from models.training import scene
from models.training.clips import FACTS
from models.training.level_one import LevelOneRecipe
from models.training.level_two import LevelTwoRecipe
from models.training.loop import Recipe
from models.training.networks import LEVEL_ONE, LEVEL_TWO, SHAPES, LevelOneNetwork, LevelTwoNetwork
from models.training.scene import SceneRecipe
from models.training.scene_measures import LEAST_CLIPS
from models.training.scene_network import SCENE, SceneNetwork
from models.training.truth import DETECTOR_CLASSES
from robot_runtime.training_clip_data import render_clips
from robot_runtime.training_data import Purpose, Tell, render_images
from rt_control.errors import InputError
from sim.random_table import SEEN, UNSEEN


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
    postprocessing: Callable[[nn.Module, Path], Mapping[str, Parameter]] = lambda network, held_out: {}

    @property
    def roles(self) -> tuple[Role, ...]:
        """That its network fills."""
        return adapters.get(self.adapter).roles


def _render_clips(folder: Path, seed: int, count: int, purpose: Purpose, tell: Tell) -> None:
    """Something happens in half of those that measure; a training looks at normal ones only."""
    abnormal_share = 0.0 if purpose == "training" else 0.5
    render_clips(folder, seed, count, abnormal_share, UNSEEN if purpose == "unseen" else SEEN, tell)


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
PLANS = (LEVEL_ONE_PLAN, LEVEL_TWO_PLAN, SCENE_PLAN)


def plan_for(role: Role) -> TrainingPlan:
    """The plan whose network fills a role.

    Raises:
        InputError: none does.
    """
    for plan in PLANS:
        if role in plan.roles:
            return plan
    known = ", ".join(role for plan in PLANS for role in plan.roles)
    raise InputError(f"no network for role {role!r} is trained here; allowed: {known}; `dynamical models add` a file")

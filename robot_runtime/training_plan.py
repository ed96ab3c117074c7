"""What can be trained here: for each shipped network its recipe, its data and how long it takes. Needs PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from models import adapters
from models.manifest import Parameter
from models.roles import Role
from models.training.level_one import LevelOneRecipe
from models.training.level_two import LevelTwoRecipe
from models.training.loop import Recipe
from models.training.networks import LEVEL_ONE, LEVEL_TWO, SHAPES, LevelOneNetwork, LevelTwoNetwork
from models.training.truth import DETECTOR_CLASSES
from robot_runtime.training_data import Purpose, Tell, render_images
from rt_control.errors import InputError


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
        images, steps, batch, rate: see `Schedule`; defaults of the command.
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
    postprocessing: Callable[[nn.Module, Path], Mapping[str, Parameter]] = lambda network, held_out: {}

    @property
    def roles(self) -> tuple[Role, ...]:
        """That its network fills."""
        return adapters.get(self.adapter).roles


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
PLANS = (LEVEL_ONE_PLAN, LEVEL_TWO_PLAN)


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

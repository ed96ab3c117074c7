"""The shipped table with other objects on it: colours and sizes that no model was trained on.

Written as files, a world, a robot and what belongs where, so that everything that takes a robot file takes it too.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np

from rt_control.description import RobotDescription
from sim.random_table import UNSEEN, Randomisation, draw_size, draw_within

PAINTS = {"orange": (18.0, 33.0), "cyan": (172.0, 194.0), "purple": (262.0, 336.0)}
"""Names of the hues (degrees) that are left out of training."""
SHAPES = ("cube", "box", "cylinder", "ball")
MASS_KG = 0.05
_TYPES = {
    "cube": mujoco.mjtGeom.mjGEOM_BOX,
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "ball": mujoco.mjtGeom.mjGEOM_SPHERE,
}


@dataclass(frozen=True, slots=True)
class OtherObjects:
    """A robot file with other objects.

    Attributes:
        robot_file: to be given wherever a robot file is.
        bins: which object belongs into which bin, by name.
        renamed: the shipped object in whose stead each is, by name.
    """

    robot_file: Path
    bins: dict[str, str]
    renamed: dict[str, str]


def write_other_objects(
    description: RobotDescription, seed: int, folder: Path, looks: Randomisation = UNSEEN
) -> OtherObjects:
    """Exchange the objects of the shipped world, each for one of the same shape.

    Args:
        description: of the simulated robot, with a cube, a box, a cylinder and a ball to sort.
        seed: the same seed gives the same objects.
        folder: gets the files; must exist.
        looks: of the objects.
    """
    assert description.simulation is not None
    random = np.random.default_rng(seed)
    spec = mujoco.MjSpec.from_file(str(description.world_path))
    bins: dict[str, str] = {}
    renamed: dict[str, str] = {}
    for old, bin_name in sorted(description.simulation.goal.items()):
        shape = old.rpartition("_")[2]
        colour = str(random.choice(sorted(PAINTS)))
        name = f"{colour}_{shape}"
        size = draw_size(shape, looks, random)
        hue = draw_within((PAINTS[colour],), random) / 360.0
        rgb = colorsys.hsv_to_rgb(hue, *random.uniform([0.75, 0.55], [1.0, 0.95]))
        position = np.array(spec.body(old).pos)
        spec.delete(spec.body(old))
        body = spec.worldbody.add_body(name=name, pos=[position[0], position[1], size[2] / 2.0])
        body.add_freejoint()
        half = size / 2.0
        body.add_geom(
            name=name,
            type=_TYPES[shape],
            size=[half[0], half[2], 0.0] if shape == "cylinder" else half,
            mass=MASS_KG,
            rgba=[*rgb, 1.0],
            contype=2,
            conaffinity=19,
            condim=6 if shape == "ball" else 4,
            friction=[0.9, 0.01, 0.0006 if shape == "ball" else 0.001],
            solimp=[0.95, 0.99, 0.001, 0.5, 2.0],
            solref=[0.006, 1.0],
        )
        bins[name], renamed[old] = bin_name, name
    spec.compile()
    world = folder / "world.xml"
    world.write_text(spec.to_xml(), encoding="utf-8")
    return OtherObjects(_robot_file(description, folder, world, bins), bins, renamed)


def _robot_file(description: RobotDescription, folder: Path, world: Path, bins: dict[str, str]) -> Path:
    """The robot's own file with another world and other goals."""
    kept, section = [], ""
    for line in description.path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip()
        if section == "[simulation.goal]":
            continue
        if section == "[robot]" and line.startswith("model"):
            line = f'model = "{description.model_path}"'
        if section == "[simulation]" and line.startswith("world"):
            line = f'world = "{world}"'
        kept.append(line)
    goals = [f'{name} = "{bin_name}"' for name, bin_name in bins.items()]
    path = folder / "robot.toml"
    path.write_text("\n".join([*kept, "[simulation.goal]", *goals, ""]), encoding="utf-8")
    return path

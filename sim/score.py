"""The judge: what the physics says about where the objects are. Nothing else in Dynamical reads the truth."""

from __future__ import annotations

import msgspec
import mujoco
import numpy as np

from rt_control.description import RobotDescription
from rt_control.robot_file import Bin
from sim.plant import Plant

AT_REST_MPS = 0.02
WALL_M = 0.008


class Score(msgspec.Struct, frozen=True):
    """How much of the goal holds.

    Attributes:
        objects_sorted: lie at rest in their bin, let go.
        objects_total: the goal names.
        sorted: their names.
        misplaced: where every other one is: `table`, `floor`, `held`, `moving` or the name of a wrong bin.
    """

    objects_sorted: int
    objects_total: int
    sorted: tuple[str, ...]
    misplaced: dict[str, str]


def score(plant: Plant) -> Score:
    """Compare where each object of the goal is with where it belongs."""
    goal = plant.description.simulation.goal if plant.description.simulation is not None else {}
    places = {name: _place_of(plant, name) for name in sorted(goal)}
    done = tuple(name for name, place in places.items() if place == goal[name])
    misplaced = {name: place for name, place in places.items() if place != goal[name]}
    return Score(len(done), len(goal), done, misplaced)


def _place_of(plant: Plant, name: str) -> str:
    body = plant.model.body(name).id
    if _is_held(plant, body):
        return "held"
    velocity = plant.data.qvel[plant.model.body_dofadr[body] :][:3]
    if float(np.linalg.norm(velocity)) > AT_REST_MPS:
        return "moving"
    x, y, z = plant.data.xpos[body]
    size = plant.model.geom_size[plant.model.body_geomadr[body]]
    half_height = float(size[size > 0.0].min())  # the least that is below its centre, however it lies
    for item in plant.description.workcell.bin:
        if _is_inside(plant.description, item, x, y, z - half_height):
            return item.name
    return "floor" if z < plant.description.workcell.table_height_m else "table"


def _is_inside(description: RobotDescription, item: Bin, x: float, y: float, bottom: float) -> bool:
    """Its centre is between the walls and its lowest point below their rim."""
    width, depth, height = item.size
    table = description.workcell.table_height_m
    inside = abs(x - item.centre[0]) < width / 2.0 - WALL_M and abs(y - item.centre[1]) < depth / 2.0 - WALL_M
    return inside and table - WALL_M < bottom < table + height


def _is_held(plant: Plant, body: int) -> bool:
    """Something of the robot (a body below an axis) touches it."""
    model = plant.model
    for geom_1, geom_2 in plant.data.contact.geom:
        bodies = {int(model.geom_bodyid[geom_1]), int(model.geom_bodyid[geom_2])}
        if body in bodies and any(_is_robot(model, other) for other in bodies - {body}):
            return True
    return False


def _is_robot(model: mujoco.MjModel, body: int) -> bool:
    joint = model.body_jntadr[body]
    if model.body_jntnum[body] and model.jnt_type[joint] != mujoco.mjtJoint.mjJNT_FREE:
        return True
    parent = int(model.body_parentid[body])
    return parent != 0 and _is_robot(model, parent)

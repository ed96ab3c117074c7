"""An object is pushed aside by something that nobody sees: the disturbance of demonstrations and evaluations."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from sim.plant import Plant

GAP_M = 0.095  # between the centres of two objects: the open gripper fits between
ATTEMPTS = 40


def displace(plant: Plant, name: str, random: np.random.Generator, distance_m: float) -> bool:
    """Put an object elsewhere on the table, turned a little, at rest; whether there was room.

    Args:
        plant: that simulates it.
        name: of the object.
        random: draws direction and turn.
        distance_m: how far.
    """
    workcell, data = plant.description.workcell, plant.data
    simulation = plant.description.simulation
    others = [other for other in (simulation.goal if simulation is not None else ()) if other != name]
    body = plant.model.body(name)
    address, dof = int(plant.model.jnt_qposadr[body.jntadr[0]]), int(plant.model.jnt_dofadr[body.jntadr[0]])
    here = data.qpos[address : address + 2].copy()
    for _ in range(ATTEMPTS):
        angle = random.uniform(-math.pi, math.pi)
        there = here + distance_m * np.array([math.cos(angle), math.sin(angle)])
        inside = (there >= workcell.object_zone_lower).all() and (there <= workcell.object_zone_upper).all()
        if inside and all(math.dist(data.body(other).xpos[:2], there) > GAP_M for other in others):
            break
    else:
        return False
    turn, turned = np.empty(4), np.empty(4)
    mujoco.mju_axisAngle2Quat(turn, np.array([0.0, 0.0, 1.0]), random.uniform(-0.5, 0.5))
    mujoco.mju_mulQuat(turned, turn, data.qpos[address + 3 : address + 7])
    data.qpos[address : address + 2] = there
    data.qpos[address + 3 : address + 7] = turned
    data.qvel[dof : dof + 6] = 0.0
    return True

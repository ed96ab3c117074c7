"""A seed becomes a table: where the objects lie, how heavy and how slippery they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rt_control.description import RobotDescription
from rt_control.errors import InputError

CLEARANCE_M = 0.11  # between centres: the open gripper fits between two objects
_ATTEMPTS = 10_000


@dataclass(frozen=True, slots=True)
class Placement:
    """One object: position on the table (base frame, m), yaw, and how it differs from the world file."""

    name: str
    x: float
    y: float
    yaw_rad: float
    mass_scale: float
    friction_scale: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """What one seed means."""

    seed: int
    placements: tuple[Placement, ...]


def make_scenario(description: RobotDescription, seed: int) -> Scenario:
    """Place the objects of the goal in the workcell's object zone, apart from each other.

    Args:
        description: of the simulated robot.
        seed: the same seed gives the same scenario.

    Raises:
        InputError: the zone is too small for the objects.
    """
    names = sorted(description.simulation.goal) if description.simulation is not None else []
    lower, upper = description.workcell.object_zone_lower, description.workcell.object_zone_upper
    random = np.random.default_rng(seed)
    placements: list[Placement] = []
    for _ in range(_ATTEMPTS):
        if len(placements) == len(names):
            break
        x, y = (float(random.uniform(low, high)) for low, high in zip(lower, upper, strict=True))
        if all(math.hypot(x - other.x, y - other.y) >= CLEARANCE_M for other in placements):
            yaw, mass_scale, friction_scale = random.uniform([-math.pi, 0.8, 0.85], [math.pi, 1.2, 1.15]).tolist()
            placements.append(Placement(names[len(placements)], x, y, yaw, mass_scale, friction_scale))
    if len(placements) < len(names):
        raise InputError(
            f"{description.path}: workcell.object_zone {list(lower)}..{list(upper)} does not hold {len(names)} objects"
            f" {CLEARANCE_M} m apart; enlarge it"
        )
    return Scenario(seed, tuple(placements))

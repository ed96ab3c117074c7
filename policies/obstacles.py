"""What a moving arm has to stay clear of: boxes that are turned about the vertical, with rounded edges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from perception.scene import Scene, Vector3
from rt_control.robot_file import BIN_FLOOR_M, RobotDescription

Array = npt.NDArray[np.float64]

WALL_M = 0.006  # half of the thickness of a bin's wall, as it counts here
PERSON = "a person"  # name of whoever reaches in
LIMB_RADIUS_M = 0.10  # of what reaches in, around the nearest point that is seen of it
LIMB_LENGTH_M = 0.8  # of it, away from the robot


class Block(NamedTuple):
    """One obstacle.

    Attributes:
        name: for people.
        centre_base: base frame, m.
        half_m: half of its extents along its own axes, without the rounding, m.
        yaw_rad: of its x axis from the base's.
        rounding_m: everything within so much of the box belongs to it; with no extents it is a sphere.
    """

    name: str
    centre_base: Vector3
    half_m: Vector3
    yaw_rad: float = 0.0
    rounding_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Obstacles:
    """Blocks as arrays.

    Attributes:
        names: of each.
        centres: (n, 3), m.
        halves: (n, 3), m.
        yaws: cosine and sine, (n, 2).
        roundings: (n,), m.
    """

    names: tuple[str, ...]
    centres: Array
    halves: Array
    yaws: Array
    roundings: Array

    @classmethod
    def of(cls, blocks: Iterable[Block]) -> Obstacles:
        """These blocks.

        Raises:
            ValueError: a number of one is not finite, or an extent is negative.
        """
        rows = list(blocks)
        numbers = np.array(
            [(*row.centre_base, *row.half_m, row.yaw_rad, row.rounding_m) for row in rows], dtype=np.float64
        ).reshape(-1, 8)
        for row, values in zip(rows, numbers, strict=True):
            if not np.isfinite(values).all() or min(*row.half_m, row.rounding_m) < 0.0:
                raise ValueError(f"obstacle {row.name}: {row}; its numbers must be finite, and its extents at least 0")
        yaws = np.stack([np.cos(numbers[:, 6]), np.sin(numbers[:, 6])], axis=-1)
        return cls(tuple(row.name for row in rows), numbers[:, :3], numbers[:, 3:6], yaws, numbers[:, 7])

    def __len__(self) -> int:
        return len(self.names)

    def only(self, index: int) -> Obstacles:
        """One of them."""
        one = slice(index, index + 1)
        return Obstacles(self.names[one], self.centres[one], self.halves[one], self.yaws[one], self.roundings[one])

    def joined(self, other: Obstacles) -> Obstacles:
        """These, then the others."""
        return Obstacles(
            self.names + other.names,
            np.concatenate([self.centres, other.centres]),
            np.concatenate([self.halves, other.halves]),
            np.concatenate([self.yaws, other.yaws]),
            np.concatenate([self.roundings, other.roundings]),
        )

    def distances(self, points: Array) -> Array:
        """Of points (..., 3) from the surface of each, (..., n), m; negative inside."""
        # One coordinate at a time: numpy is slow over a last axis of three.
        x, y, z = (points[..., axis, None] - self.centres[:, axis] for axis in range(3))
        cosine, sine = self.yaws[:, 0], self.yaws[:, 1]
        length, width, height = self.halves.T
        along = np.abs(cosine * x + sine * y) - length
        across = np.abs(cosine * y - sine * x) - width
        above = np.abs(z) - height
        inside = np.minimum(np.maximum(np.maximum(along, across), above), 0.0)
        for beyond in (along, across, above):
            np.maximum(beyond, 0.0, out=beyond)
        outside: Array = np.sqrt(along * along + across * across + above * above)
        outside += inside
        outside -= self.roundings
        return outside


def of_workcell(description: RobotDescription) -> Obstacles:
    """What is always there: walls and floors of the bins, and where nothing may be."""
    blocks: list[Block] = []
    table = description.workcell.table_height_m
    for item in description.workcell.bin:
        (x, y), (length, width, height) = item.centre, item.size
        middle = table + height / 2.0
        blocks.append(Block(f"floor of {item.name}", (x, y, table + BIN_FLOOR_M / 2.0), (length / 2, width / 2, 0.0)))
        for along, across, half in (
            (length / 2.0, 0.0, (WALL_M, width / 2.0, height / 2.0)),
            (0.0, width / 2.0, (length / 2.0, WALL_M, height / 2.0)),
        ):
            blocks.extend(
                Block(f"wall of {item.name}", (x + side * along, y + side * across, middle), half)
                for side in (-1.0, 1.0)
            )
    for zone in description.zone:
        if zone.kind == "keep_out":
            lower, upper = np.array(zone.lower), np.array(zone.upper)
            centre, half = (lower + upper) / 2.0, (upper - lower) / 2.0
            blocks.append(Block(zone.name, _vector(centre), _vector(half)))
    return Obstacles.of(blocks)


def of_scene(scene: Scene | None, held: str | None) -> Obstacles:
    """What perception sees now, except what the hand holds; whoever reaches in comes from outside."""
    if scene is None:
        return Obstacles.of(())
    blocks = [
        Block(item.name, item.position_base, _vector(np.array(item.size_m) / 2.0), item.yaw_rad)
        for item in scene.objects
        if item.name != held
    ]
    if scene.person_point_base is not None:
        x, y, z = scene.person_point_base
        yaw = math.atan2(y, x)
        half = LIMB_LENGTH_M / 2.0
        centre = (x + half * math.cos(yaw), y + half * math.sin(yaw), z)
        blocks.append(Block(PERSON, centre, (half, 0.0, 0.0), yaw, LIMB_RADIUS_M))
    return Obstacles.of(blocks)


def _vector(values: Array | Sequence[float]) -> Vector3:
    x, y, z = (float(value) for value in values)
    return x, y, z

"""Shapes of the arm and where they may not be: compiled, and refused where the arm stands in its own way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from rt_control.errors import InputError
from rt_control.kinematic_chain import KinematicChain, Pose, poses_base_from_joints
from rt_control.robot_file import BASE, MAX_PAIRS, Capsule, RobotDescription, Zone
from rt_control.segment_distance import distance_between, distance_inside, distance_outside, distance_to_point

if TYPE_CHECKING:
    from rt_control import _native

Array = npt.NDArray[np.float64]
BASE_LINK = -1  # kBaseLink of model.hpp


class Lines(NamedTuple):
    """The axes of capsules in the base frame, m: both (..., capsules, 3)."""

    begin: Array
    end: Array


class Containment(NamedTuple):
    """A capsule that lies wholly inside another one, by their indices."""

    inner: int
    outer: int


@dataclass(frozen=True, slots=True)
class ArmShapes:
    """Capsules with the index of the joint that moves each; BASE_LINK: none does."""

    capsules: tuple[Capsule, ...]
    links: tuple[int, ...]

    @classmethod
    def of(cls, capsules: Sequence[Capsule], arm_names: Sequence[str]) -> ArmShapes:
        """The shapes of an arm whose joints have these names, from base to flange."""
        index = {BASE: BASE_LINK, **{name: index for index, name in enumerate(arm_names)}}
        return cls(tuple(capsules), tuple(index[item.link] for item in capsules))

    @property
    def radii(self) -> Array:
        return np.array([item.radius for item in self.capsules])

    def lines_at(self, poses: Pose) -> Lines:
        """Where the capsules are when the joints' frames are there: (..., joints, 4, 4)."""
        base = np.broadcast_to(np.eye(4), (*poses.shape[:-3], 1, 4, 4))
        link_poses = np.concatenate((base, poses), axis=-3)[..., np.array(self.links, int) + 1, :, :]
        ends = (np.array([getattr(item, end) for item in self.capsules]).reshape(-1, 3) for end in ("begin", "end"))
        begin, end = (
            np.einsum("...ij,...j->...i", link_poses[..., :3, :3], at) + link_poses[..., :3, 3] for at in ends
        )
        return Lines(begin, end)

    def pairs(self, ignore: Sequence[tuple[str, str]] = ()) -> list[tuple[int, int]]:
        """Every two capsules that must stay apart, the one nearer to the base first.

        Those of one link and of neighbours in the chain may touch, and so may those that are to be ignored.
        """
        ignored = {frozenset(names) for names in ignore}
        return [
            (one, other) if self.links[one] < self.links[other] else (other, one)
            for one, other in combinations(range(len(self.capsules)), 2)
            if abs(self.links[one] - self.links[other]) > 1
            and frozenset((self.capsules[one].name, self.capsules[other].name)) not in ignored
        ]

    def distances(self, lines: Lines, pairs: Sequence[tuple[int, int]]) -> Array:
        """Between the axes of the capsules of each pair, m: (..., pairs)."""
        first, second = np.array(pairs, int).reshape(-1, 2).T
        return distance_between(*(line[..., first, :] for line in lines), *(line[..., second, :] for line in lines))

    def needed(self, pairs: Sequence[tuple[int, int]], clearance_m: float) -> Array:
        """Least distance between the axes of each pair, m."""
        first, second = np.array(pairs, int).reshape(-1, 2).T
        needed: Array = self.radii[first] + self.radii[second] + clearance_m
        return needed

    def containments(self, lines: Lines) -> Iterator[Containment]:
        """The capsules that lie inside one of another link in one pose: they protect nothing."""
        for pair in combinations(range(len(self.capsules)), 2):
            for inner, outer in (pair, pair[::-1]) if self.links[pair[0]] != self.links[pair[1]] else ():
                outer_line = lines.begin[outer], lines.end[outer]
                farthest = max(float(distance_to_point(*outer_line, end[inner])) for end in lines)
                if farthest + self.capsules[inner].radius <= self.capsules[outer].radius:
                    yield Containment(inner, outer)


def set_shapes(model: _native.RobotModel, description: RobotDescription, chain: KinematicChain) -> None:
    """Put capsules, pairs and zones into a model.

    Raises:
        InputError: there are too many pairs, or in a named pose the arm is in its own way or in that of a zone.
    """
    shapes = ArmShapes.of(description.capsule, description.arm_names)
    pairs = shapes.pairs(description.self_collision.ignore)
    if len(pairs) > MAX_PAIRS:
        raise InputError(
            f"{description.path}: the {len(shapes.capsules)} capsules make {len(pairs)} pairs of links that are not"
            f" neighbours; allowed: at most {MAX_PAIRS} pairs; merge capsules, the base's and the wrist's first"
        )
    if shapes.capsules:
        _check_named_poses(description, chain, shapes, pairs)
    model.capsules = [_capsule(item, link) for item, link in zip(shapes.capsules, shapes.links, strict=True)]
    model.pairs = [_pair(*pair) for pair in pairs]
    model.zones = [_zone(item) for item in description.zone]
    model.self_clearance_m = description.self_collision.clearance_m


def _capsule(item: Capsule, link: int) -> _native.Capsule:
    from rt_control import _native

    capsule = _native.Capsule()
    capsule.name, capsule.link, capsule.radius = item.name, link, item.radius
    capsule.begin, capsule.end = np.array(item.begin), np.array(item.end)
    return capsule


def _pair(first: int, second: int) -> _native.CapsulePair:
    from rt_control import _native

    pair = _native.CapsulePair()
    pair.first, pair.second = first, second
    return pair


def _zone(item: Zone) -> _native.Zone:
    from rt_control import _native

    zone = _native.Zone()
    zone.name, zone.kind = item.name, getattr(_native.ZoneKind, item.kind)
    zone.lower, zone.upper = np.array(item.lower), np.array(item.upper)
    return zone


def _check_named_poses(
    description: RobotDescription, chain: KinematicChain, shapes: ArmShapes, pairs: list[tuple[int, int]]
) -> None:
    needed = shapes.needed(pairs, description.self_collision.clearance_m)
    for name, pose in description.workcell.poses.items():
        positions = np.array([pose[index] for index in description.arm_indices])
        lines = shapes.lines_at(poses_base_from_joints(chain, positions))
        where = f"{description.path}: in workcell.poses.{name}"
        for (first, second), distance, least in zip(pairs, shapes.distances(lines, pairs), needed, strict=True):
            if distance < least:
                raise InputError(
                    f"{where} the axes of {_named(shapes, first)} and {_named(shapes, second)} are {distance:.4f} m"
                    f" apart; allowed: at least {least:.4f} m, both radii and clearance_m ="
                    f" {description.self_collision.clearance_m:g}; correct the pose or the capsules, or add the two to"
                    " self_collision.ignore if they are always near"
                )
        for inner, outer in shapes.containments(lines):
            raise InputError(
                f"{where} {_named(shapes, inner)} lies wholly inside {_named(shapes, outer)}; allowed: outside of it;"
                " correct begin, end and radius of the two"
            )
        _check_zones(description, where, shapes, lines)


def _check_zones(description: RobotDescription, where: str, shapes: ArmShapes, lines: Lines) -> None:
    for zone in description.zone:
        corners = np.array(zone.lower), np.array(zone.upper)
        for index, item in enumerate(shapes.capsules):
            if item.link == BASE:
                continue
            line = lines.begin[index], lines.end[index]
            if zone.kind == "keep_out":
                left, what = distance_outside(*line, *corners), "from"
            else:
                left, what = distance_inside(*line, *corners), "inside the nearest side of"
            if left < item.radius:
                raise InputError(
                    f"{where} the axis of {_named(shapes, index)} is {left:.4f} m {what} the {zone.kind} zone"
                    f" {zone.name!r}; allowed: at least its radius, {item.radius:.4f} m; correct the pose, the capsule"
                    " or the zone"
                )


def _named(shapes: ArmShapes, index: int) -> str:
    item = shapes.capsules[index]
    return f"capsule {item.name!r} of {item.link} (radius {item.radius:g} m)"

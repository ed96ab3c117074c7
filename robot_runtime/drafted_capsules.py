"""Drafts the capsules of a robot file from the collision shapes of an MJCF or URDF."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rt_control.arm_shapes import ArmShapes
from rt_control.kinematic_chain import KinematicChain, moving_joints, poses_base_from_joints
from rt_control.robot_file import BASE, MAX_CAPSULES, MAX_PAIRS, Capsule, SelfCollision
from rt_control.segment_distance import distance_to_point

if TYPE_CHECKING:
    import mujoco

Array = npt.NDArray[np.float64]

_ROUNDED_M = 1e-4  # to which the figures of a capsule are rounded, outwards, that is drawn around another shape
_SHARES = 33  # lengths that are tried for a capsule
_ON_A_RIM = 32  # points that stand for the rim of a cylinder
_PLACES = 9  # in which what moves beside the chain is looked at: fingers
_MANY = 64  # points, of which only those of the convex hull are looked at


@dataclass(frozen=True, slots=True)
class DraftedCapsules:
    """Capsules around what a model says its links collide with.

    Attributes:
        exact: names of those that are in the model just so; the others are drawn around another shape.
        ignore: pairs that are too near each other where the robot starts.
        remarks: what a person should know of what is missing; a line each.
    """

    capsules: tuple[Capsule, ...]
    exact: frozenset[str]
    ignore: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Balls:
    """A shape as the convex hull of balls, in the frame of the link that it belongs to; -1: of the base."""

    name: str
    link: int
    centres: Array
    radii: Array
    is_capsule: bool
    directions: Array  # rows: along which a capsule around it may lie


def draft_capsules(path: Path, chain: KinematicChain, start: Array) -> DraftedCapsules:
    """Draft capsules, at most as many as `rt_control` takes.

    Args:
        path: of the model; one that can be read.
        chain: of it.
        start: positions of the chain's joints where the robot starts, rad or m.
    """
    names = [link.joint.name for link in chain.links]
    if BASE in names:
        remark = f"a joint is named {BASE!r}, which means the base in a capsule: rename it, and import again"
        return DraftedCapsules((), frozenset(), (), (f"no capsules: {remark}",))
    model, remarks = _load(path)
    balls = list(_read_balls(model, names))
    capsules = _named_capsules([[item] for item in balls], names)
    exact = {item.name for item, ball in zip(capsules, balls, strict=True) if ball.is_capsule}
    pairs = len(ArmShapes.of(capsules, names).pairs())
    if len(capsules) > MAX_CAPSULES or pairs > MAX_PAIRS:
        remarks.append(
            f"one capsule a link: {len(capsules)} shapes make {pairs} pairs, allowed are {MAX_CAPSULES} and {MAX_PAIRS}"
        )
        balls.sort(key=lambda item: item.link)
        capsules = _named_capsules([list(items) for _, items in groupby(balls, key=lambda item: item.link)], names)
        exact = set()
    if not capsules:
        remarks.append("no capsules: without them nothing keeps the arm from meeting itself")
    poses = poses_base_from_joints(chain, start)
    capsules, left_out = _without_contained(capsules, names, poses)
    shapes = ArmShapes.of(capsules, names)
    watched = shapes.pairs()
    gaps = shapes.distances(shapes.lines_at(poses), watched) - shapes.needed(watched, SelfCollision().clearance_m)
    near = [pair for pair, gap in zip(watched, gaps, strict=True) if gap < 0.0]
    return DraftedCapsules(
        capsules=tuple(capsules),
        exact=frozenset(exact),
        ignore=tuple((capsules[first].name, capsules[second].name) for first, second in near),
        remarks=(*remarks, *left_out),
    )


def capsule_around(centres: Array, radii: Array, directions: Array) -> tuple[Array, Array, float]:
    """A small capsule that holds balls: begin, end and radius.

    Args:
        centres, radii: of the balls, (n, 3) and (n,), m.
        directions: (k, 3), unit vectors along which it may lie.

    The least volume among some lengths along each direction; its line goes through the middle of the balls.
    """
    best = (math.inf, np.zeros(3), np.zeros(3), 0.0)
    for along in directions:
        across = np.linalg.svd(along[None])[2]  # rows: along, and two across
        at, reach = centres @ across.T, radii[:, None] * [0.0, 1.0, 1.0]
        lower, upper = (at - reach).min(axis=0), (at + reach).max(axis=0)
        middle, half = (lower + upper) / 2 @ across, (upper - lower)[0] / 2
        for share in np.linspace(0.0, 1.0, _SHARES):
            begin, end = middle - share * half * across[0], middle + share * half * across[0]
            around = float((distance_to_point(begin, end, centres) + radii).max())
            volume = math.pi * around**2 * (2 * share * half + 4 / 3 * around)
            if volume < best[0] * (1.0 - 1e-9):
                best = (volume, begin, end, around)
    return best[1:]


def _load(path: Path) -> tuple[mujoco.MjModel, list[str]]:
    """The model with nothing but the shapes that collide; without meshes where their files cannot be read."""
    import mujoco

    def compiled(with_meshes: bool) -> mujoco.MjModel:
        spec = mujoco.MjSpec.from_file(str(path))
        spec.compiler.fusestatic = False
        spec.compiler.boundmass = spec.compiler.boundinertia = 1e-6
        for geom in spec.geoms:
            if not (geom.contype or geom.conaffinity) or (geom.meshname and not with_meshes):
                spec.delete(geom)
        used = {geom.meshname for geom in spec.geoms}
        for item in [*(mesh for mesh in spec.meshes if mesh.name not in used), *spec.skins]:
            spec.delete(item)
        return spec.compile()

    try:
        return compiled(True), []
    except ValueError as error:
        reason = " ".join(str(error).split())
        return compiled(False), [f"no capsules around meshes, which cannot be read: {reason}"]


def _read_balls(model: mujoco.MjModel, names: Sequence[str]) -> Iterator[_Balls]:
    """Shapes of the robot's links, those of fingers over all of their travel; what is fixed to the world is scenery."""
    import mujoco

    data = mujoco.MjData(model)
    links = moving_joints(model, names)
    joints = [model.joint(name).id for name in names]
    others = [joint for joint in range(model.njnt) if joint not in joints]
    poses = []
    for share in np.linspace(0.0, 1.0, _PLACES) if others else [0.0]:
        data.qpos[:] = 0.0
        for joint in others:
            data.qpos[model.jnt_qposadr[joint]] = _place(model, joint, share)
        mujoco.mj_kinematics(model, data)
        poses.append((data.geom_xpos.copy(), data.geom_xmat.reshape(-1, 3, 3).copy()))
    for geom in range(model.ngeom):
        body = int(model.geom_bodyid[geom])
        shape = _shape(model, geom)
        if body == 0 or shape is None:
            continue
        centres, radius, is_capsule = shape
        rests = all(
            np.allclose(at[geom], poses[0][0][geom]) and np.allclose(turn[geom], poses[0][1][geom])
            for at, turn in poses
        )
        origin, frame = np.zeros(3), np.eye(3)
        if links[body] >= 0:
            joint = joints[links[body]]
            origin, frame = data.xanchor[joint], data.xmat[model.jnt_bodyid[joint]].reshape(3, 3)
        swept = _hull(
            np.concatenate(
                [(centres @ turn[geom].T + at[geom] - origin) @ frame for at, turn in (poses[:1] if rests else poses)]
            )
        )
        yield _Balls(
            name=model.geom(geom).name or model.body(body).name or "shape",
            link=links[body],
            centres=swept,
            radii=np.full(len(swept), radius),
            is_capsule=is_capsule and rests,
            directions=np.concatenate((poses[0][1][geom].T @ frame, _main_directions(swept))),
        )


def _place(model: mujoco.MjModel, joint: int, share: float) -> float:
    """Where a joint beside the chain is looked at."""
    import mujoco

    if model.jnt_limited[joint]:
        lower, upper = model.jnt_range[joint]
        return float(lower + share * (upper - lower))
    is_hinge = int(model.jnt_type[joint]) == int(mujoco.mjtJoint.mjJNT_HINGE)
    return share * 2 * math.pi if is_hinge else 0.0


def _shape(model: mujoco.MjModel, geom: int) -> tuple[Array, float, bool] | None:
    """Centres and radius of balls whose hull holds a geom, in its frame, and whether it is a capsule; None: no body."""
    import mujoco

    kinds = mujoco.mjtGeom
    kind, size = int(model.geom_type[geom]), model.geom_size[geom]
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    if kind == int(kinds.mjGEOM_SPHERE):
        return np.zeros((1, 3)), float(size[0]), True
    if kind == int(kinds.mjGEOM_CAPSULE):
        return np.array([[0.0, 0.0, -size[1]], [0.0, 0.0, size[1]]]), float(size[0]), True
    if kind == int(kinds.mjGEOM_CYLINDER):
        angle = np.arange(_ON_A_RIM) * 2 * math.pi / _ON_A_RIM
        rim = size[0] / math.cos(math.pi / _ON_A_RIM) * np.stack((np.cos(angle), np.sin(angle)), axis=1)
        return np.concatenate([np.insert(rim, 2, side * size[1], axis=1) for side in (-1, 1)]), 0.0, False
    if kind in (int(kinds.mjGEOM_BOX), int(kinds.mjGEOM_ELLIPSOID)):
        return corners * size, 0.0, False
    if kind == int(kinds.mjGEOM_MESH):
        mesh = int(model.geom_dataid[geom])
        first = int(model.mesh_vertadr[mesh])
        return model.mesh_vert[first : first + int(model.mesh_vertnum[mesh])].astype(float), 0.0, False
    return None


def _main_directions(points: Array) -> Array:
    """Rows: the principal directions of points."""
    directions: Array = np.linalg.eigh(np.cov(points.T) if len(points) > 1 else np.eye(3))[1].T
    return directions


def _hull(points: Array) -> Array:
    if len(points) <= _MANY:
        return points
    from scipy.spatial import ConvexHull

    outermost: Array = points[ConvexHull(points, qhull_options="QJ").vertices]
    return outermost


def _named_capsules(groups: Sequence[Sequence[_Balls]], names: Sequence[str]) -> list[Capsule]:
    """A capsule around each group of shapes of one link; a group of several is named after its joint."""
    capsules: list[Capsule] = []
    for group in groups:
        link = BASE if group[0].link < 0 else names[group[0].link]
        name = group[0].name if len(group) == 1 else f"{link}_shapes"
        capsules.append(_capsule(_free_name(name, [item.name for item in capsules]), link, group))
    return capsules


def _capsule(name: str, link: str, group: Sequence[_Balls]) -> Capsule:
    centres = np.concatenate([item.centres for item in group])
    directions = [item.directions for item in group] if len(group) == 1 else [np.eye(3), _main_directions(centres)]
    radii = np.concatenate([item.radii for item in group])
    begin, end, radius = capsule_around(centres, radii, np.concatenate(directions))
    if group[0].is_capsule and len(group) == 1:
        step, spare = 1e-9, 0.0
    else:
        step, spare = _ROUNDED_M, 1.0  # the ends move by less than a step
    begin, end = np.round(begin / step) * step + 0.0, np.round(end / step) * step + 0.0
    return Capsule(
        name=name,
        link=link,
        begin=(float(begin[0]), float(begin[1]), float(begin[2])),
        end=(float(end[0]), float(end[1]), float(end[2])),
        radius=(math.ceil(radius / step - 1e-6) + spare) * step,
    )


def _free_name(wanted: str, taken: Sequence[str]) -> str:
    """A name that a robot file allows and that is not taken."""
    plain = re.sub(r"\W", "_", wanted, flags=re.ASCII)
    plain = plain if plain[:1].isalpha() else f"shape_{plain}"
    found, count = plain[:31], 1
    while found in taken:
        count += 1
        found = f"{plain[: 30 - len(str(count))]}_{count}"
    return found


def _without_contained(
    capsules: Sequence[Capsule], names: Sequence[str], poses: Array
) -> tuple[list[Capsule], list[str]]:
    """Leave out what cannot be told apart where the robot starts; of the base, what holds a link: that is scenery."""
    kept = list(capsules)
    remarks: list[str] = []
    while True:
        shapes = ArmShapes.of(kept, names)
        found = next(shapes.containments(shapes.lines_at(poses)), None)
        if found is None:
            return kept, remarks
        inner, outer = kept[found.inner], kept[found.outer]
        left_out = outer if outer.link == BASE else inner
        remarks.append(f"{left_out.name!r} is left out: {inner.name!r} lies inside {outer.name!r} at home")
        kept.remove(left_out)

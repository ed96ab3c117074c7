"""Masses of the links of a chain, read from an MJCF or URDF with MuJoCo: what moves with a joint is one rigid body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rt_control.errors import InputError
from rt_control.kinematic_chain import moving_joints

if TYPE_CHECKING:
    import mujoco

Vector = npt.NDArray[np.float64]

_NO_MASS = 1e-9  # kg, kg m2: what MuJoCo is told to take for nothing, so that it is we who refuse it
_TRIANGLE_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class RigidLink:
    """What moves with one joint, in the joint's frame; other joints of the model stand at 0.

    Attributes:
        mass_kg: more than 0.
        centre: of mass, m.
        inertia: about the centre of mass, 3x3, kg m2.
        armature: inertia of the rotor as the joint sees it, kg m2 or kg.
        damping: N m s/rad or N s/m.
        dry_friction: N m or N.
    """

    mass_kg: float
    centre: Vector
    inertia: Vector
    armature: float
    damping: float
    dry_friction: float


@dataclass(frozen=True, slots=True)
class RigidLinks:
    """The links of a chain from base to tool, and gravity in the base frame, m/s2."""

    links: tuple[RigidLink, ...]
    gravity: Vector


def read_rigid_links(model_path: Path, joints: Sequence[str]) -> RigidLinks:
    """Read the masses that the joints of a chain move.

    Args:
        model_path: MJCF or URDF.
        joints: from base to tool. What hangs at the chain but not in it counts to the last joint before it.

    Raises:
        InputError: the model cannot be read, or a joint moves no mass or what no rigid body can be.
    """
    import mujoco

    model = _load(model_path)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    ids = [model.joint(name).id for name in joints]
    bodies: list[list[int]] = [[] for _ in ids]
    for body, index in enumerate(moving_joints(model, joints)):
        if index >= 0:
            bodies[index].append(body)
    links = tuple(_link(model, data, model_path, joint, parts) for joint, parts in zip(ids, bodies, strict=True))
    return RigidLinks(links, model.opt.gravity.copy())


def _load(model_path: Path) -> mujoco.MjModel:
    import mujoco

    try:
        spec = mujoco.MjSpec.from_file(str(model_path))
        _refuse_impossible(spec, model_path)
        spec.compiler.fusestatic = False
        spec.compiler.boundmass = spec.compiler.boundinertia = _NO_MASS
        from_shapes = spec.compiler.inertiafromgeom == mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_TRUE
        for geom in (
            [] if from_shapes else spec.geoms
        ):  # a mesh counts only where no <inertial> says what its body weighs
            if geom.type == mujoco.mjtGeom.mjGEOM_MESH and geom.parent.explicitinertial:
                spec.delete(geom)
        if not any(geom.type == mujoco.mjtGeom.mjGEOM_MESH for geom in spec.geoms):
            for item in [*spec.meshes, *spec.skins]:
                spec.delete(item)
        model = spec.compile()
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{model_path}: its masses cannot be read: {reason}; correct them, or add <inertial>"
        ) from None
    model.qpos0[:] = 0.0
    return model


def _refuse_impossible(spec: mujoco.MjSpec, model_path: Path) -> None:
    """What a body says of itself, before MuJoCo refuses it without the joint's name."""
    for body in spec.bodies:
        owner = body
        while owner is not None and owner.name != "world" and not owner.joints:
            owner = owner.parent
        if not body.explicitinertial or owner is None or not owner.joints:
            continue
        if body.mass < 0.0 or (body is owner and body.mass == 0.0):
            raise _mass_fault(model_path, owner.joints[0].name, float(body.mass))
        full = np.asarray(body.fullinertia)
        if np.isfinite(full).all():
            xx, yy, zz, xy, xz, yz = full
            moments = np.linalg.eigvalsh([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        else:
            moments = np.sort(np.asarray(body.inertia))
        if body.mass > 0.0:
            _check_moments(model_path, owner.joints[0].name, moments)


def _link(model: mujoco.MjModel, data: mujoco.MjData, model_path: Path, joint: int, bodies: Sequence[int]) -> RigidLink:
    name = model.joint(joint).name
    mass = sum(float(model.body_mass[body]) for body in bodies)
    if not mass > 2 * _NO_MASS * max(1, len(bodies)):
        raise _mass_fault(model_path, name, 0.0)
    rotation = data.xmat[model.jnt_bodyid[joint]].reshape(3, 3)
    centre = sum((model.body_mass[body] * data.xipos[body] for body in bodies), np.zeros(3)) / mass
    inertia = np.zeros((3, 3))
    for body in bodies:
        turn = data.ximat[body].reshape(3, 3)
        offset = data.xipos[body] - centre
        inertia += turn @ np.diag(model.body_inertia[body]) @ turn.T
        inertia += model.body_mass[body] * (offset @ offset * np.eye(3) - np.outer(offset, offset))
    inertia = rotation.T @ inertia @ rotation
    _check_moments(model_path, name, np.linalg.eigvalsh(inertia))
    dof = model.jnt_dofadr[joint]
    return RigidLink(
        mass_kg=mass,
        centre=rotation.T @ (centre - data.xanchor[joint]),
        inertia=inertia,
        armature=float(model.dof_armature[dof]),
        damping=_damping(model, dof),
        dry_friction=float(model.dof_frictionloss[dof]),
    )


def _damping(model: mujoco.MjModel, dof: int) -> float:
    return float(np.ravel(model.dof_damping[dof])[0])


def _mass_fault(model_path: Path, joint: str, mass_kg: float) -> InputError:
    return InputError(
        f"{model_path}: the link of joint {joint!r} has the mass {mass_kg:g} kg; allowed: more than 0 kg;"
        " give each joint a body with mass, from the datasheet"
    )


def _check_moments(model_path: Path, joint: str, moments: Vector) -> None:
    smallest, middle, largest = (float(moment) for moment in moments)
    what = f"{model_path}: the link of joint {joint!r}"
    if not smallest > _NO_MASS / 2:
        raise InputError(
            f"{what} has a principal moment of inertia of {smallest:g} kg m2; allowed: more than 0 kg m2;"
            " correct its inertia"
        )
    if largest > (smallest + middle) * (1.0 + _TRIANGLE_TOLERANCE):
        raise InputError(
            f"{what} has a largest principal moment of inertia of {largest:g} kg m2; allowed: at most the sum of the"
            f" others, {smallest + middle:g} kg m2; correct its inertia"
        )

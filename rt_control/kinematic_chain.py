"""The serial chain from base to tool centre point, read from an MJCF or URDF with MuJoCo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from rt_control.errors import InputError

if TYPE_CHECKING:
    import mujoco

Pose = npt.NDArray[np.float64]  # 4x4


@dataclass(frozen=True, slots=True)
class Joint:
    """One movable joint of a model.

    Attributes:
        lower, upper: range, rad or m; infinite where the model gives none.
        torque: largest of its motor, N m or N; infinite where the model gives none.
    """

    name: str
    kind: Literal["revolute", "prismatic"]
    lower: float
    upper: float
    torque: float


@dataclass(frozen=True, slots=True)
class ChainLink:
    """A joint of the chain: its frame in that of the joint before at position 0, and its unit vector in that frame."""

    joint: Joint
    pose_parent_from_joint: Pose
    axis: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KinematicChain:
    """Joints from base to tool centre point in order, the other joints of the model, and the tool in the last frame."""

    links: tuple[ChainLink, ...]
    others: tuple[Joint, ...]
    pose_last_from_tcp: Pose


def read_chain(model_path: Path, tcp: str) -> KinematicChain:
    """Read the chain that ends at a site (MJCF) or link (URDF, MJCF body); the model's origin is the base frame.

    Raises:
        InputError: the model cannot be read, has no such site or link, or the base is not fixed.
    """
    import mujoco

    model = load_skeleton(model_path)
    data = mujoco.MjData(model)
    data.qpos[:] = 0.0
    mujoco.mj_kinematics(model, data)
    body, pose_base_from_tcp = _find_tcp(model, data, model_path, tcp)
    chain: list[int] = []
    while body != 0:
        first = model.body_jntadr[body]
        chain[:0] = range(first, first + model.body_jntnum[body])
        body = int(model.body_parentid[body])
    links = []
    pose_base_from_last = np.eye(4)
    for joint in chain:
        pose_base_from_joint = np.eye(4)
        pose_base_from_joint[:3, :3] = data.xmat[model.jnt_bodyid[joint]].reshape(3, 3)
        pose_base_from_joint[:3, 3] = data.xanchor[joint]
        axis = pose_base_from_joint[:3, :3].T @ data.xaxis[joint]
        link = ChainLink(joint_of(model, joint), np.linalg.inv(pose_base_from_last) @ pose_base_from_joint, axis)
        links.append(link)
        pose_base_from_last = pose_base_from_joint
    others = tuple(joint_of(model, joint) for joint in range(model.njnt) if joint not in chain)
    return KinematicChain(tuple(links), others, np.linalg.inv(pose_base_from_last) @ pose_base_from_tcp)


def poses_base_from_joints(chain: KinematicChain, positions: npt.NDArray[np.float64]) -> Pose:
    """Pose of each joint's frame in the base.

    Args:
        positions: of the joints, rad or m; (..., joints).

    Returns:
        (..., joints, 4, 4).
    """
    poses = np.empty((*positions.shape, 4, 4))
    pose = np.eye(4)
    for index, link in enumerate(chain.links):
        pose = pose @ link.pose_parent_from_joint @ _motion(link, positions[..., index])
        poses[..., index, :, :] = pose
    return poses


def _motion(link: ChainLink, position: npt.NDArray[np.float64]) -> Pose:
    """What a joint does at a position, in its own frame: (..., 4, 4)."""
    pose = np.zeros((*position.shape, 4, 4))
    pose[..., :, :] = np.eye(4)
    axis = link.axis / np.linalg.norm(link.axis)
    if link.joint.kind == "prismatic":
        pose[..., :3, 3] = position[..., None] * axis
        return pose
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    sine, cosine = np.sin(position)[..., None, None], np.cos(position)[..., None, None]
    pose[..., :3, :3] += sine * cross + (1.0 - cosine) * (cross @ cross)  # Rodrigues
    return pose


def moving_joints(model: mujoco.MjModel, joints: Sequence[str]) -> list[int]:
    """Which joint of a chain moves each body of a model: its index, the last of two on one body; -1: none does.

    What hangs at the chain but not in it counts to the last joint before it.
    """
    carrier = {int(model.jnt_bodyid[model.joint(name).id]): index for index, name in enumerate(joints)}
    found = []
    for body in range(model.nbody):
        ancestor = body
        while ancestor and ancestor not in carrier:
            ancestor = int(model.body_parentid[ancestor])
        found.append(carrier.get(ancestor, -1))
    return found


def load_skeleton(model_path: Path) -> mujoco.MjModel:
    """A model without its shapes, so that no mesh file is needed.

    Raises:
        InputError: it cannot be read, or it is not a robot with a fixed base.
    """
    import mujoco

    try:
        spec = mujoco.MjSpec.from_file(str(model_path))
        spec.compiler.fusestatic = False
        spec.compiler.boundmass = spec.compiler.boundinertia = 1e-6
        for item in [*spec.geoms, *spec.meshes, *spec.skins]:
            spec.delete(item)
        model = spec.compile()
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{model_path}: the model cannot be read: {reason}; give a valid MJCF or URDF") from None
    moving = (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))
    wrong = [model.joint(joint).name for joint in range(model.njnt) if int(model.jnt_type[joint]) not in moving]
    if wrong or model.njnt == 0:
        what = f"joints {wrong} can be neither" if wrong else "the model has no joint"
        raise InputError(
            f"{model_path}: {what}; allowed: revolute and prismatic joints on a fixed base; correct the model"
        )
    return model


def joint_of(model: mujoco.MjModel, joint: int) -> Joint:
    """What a model says about one of its joints."""
    import mujoco

    limited = bool(model.jnt_limited[joint])
    lower, upper = model.jnt_range[joint] if limited else (-math.inf, math.inf)
    torques = [float(model.jnt_actfrcrange[joint, 1])] if model.jnt_actfrclimited[joint] else []
    for actuator in range(model.nu):
        if model.actuator_forcelimited[actuator] and model.actuator(actuator).name == model.joint(joint).name:
            torques.append(float(model.actuator_forcerange[actuator, 1]))
    hinge = model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_HINGE
    kind: Literal["revolute", "prismatic"] = "revolute" if hinge else "prismatic"
    return Joint(model.joint(joint).name, kind, float(lower), float(upper), min(torques, default=math.inf))


def _find_tcp(model: mujoco.MjModel, data: mujoco.MjData, model_path: Path, tcp: str) -> tuple[int, Pose]:
    import mujoco

    pose = np.eye(4)
    site = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SITE, tcp)
    if site >= 0:
        pose[:3, :3] = data.site_xmat[site].reshape(3, 3)
        pose[:3, 3] = data.site_xpos[site]
        return int(model.site_bodyid[site]), pose
    body = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, tcp)
    if body <= 0:
        sites = [model.site(index).name for index in range(model.nsite)]
        bodies = [model.body(index).name for index in range(1, model.nbody)]
        raise InputError(
            f"{model_path}: tcp_site {tcp!r} is neither a site nor a link of the model;"
            f" allowed: {', '.join(name for name in sites + bodies if name)}; name one of them"
        )
    pose[:3, :3] = data.xmat[body].reshape(3, 3)
    pose[:3, 3] = data.xpos[body]
    return body, pose

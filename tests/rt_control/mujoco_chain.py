"""A serial chain as MuJoCo sees it: the reference that the compiled dynamics are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
import numpy.typing as npt

from rt_control import _native as rt

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Link:
    """One joint and what it moves; lengths m, masses kg."""

    prismatic: bool
    position: tuple[float, float, float]
    quaternion: Vector
    axis: Vector
    mass: float
    centre: tuple[float, float, float]
    moments: Vector
    turn: Vector
    armature: float


def mjcf_of(links: Sequence[Link]) -> str:
    """The chain as MJCF, without shapes."""

    def text(values: Any) -> str:
        return " ".join(repr(float(value)) for value in values)

    body = '<site name="tcp" pos="0.1 0 0.2"/>'
    for number, link in reversed(list(enumerate(links))):
        body = (
            f'<body pos="{text(link.position)}" quat="{text(link.quaternion)}">'
            f'<inertial pos="{text(link.centre)}" quat="{text(link.turn)}" mass="{link.mass!r}"'
            f' diaginertia="{text(link.moments)}"/>'
            f'<joint name="j{number}" type="{"slide" if link.prismatic else "hinge"}" axis="{text(link.axis)}"'
            f' armature="{link.armature!r}"/>{body}</body>'
        )
    return f"<mujoco><worldbody>{body}</worldbody></mujoco>"


class Reference:
    """Inverse dynamics and mass matrix by MuJoCo, of the joints of a model that are named."""

    def __init__(self, model: mujoco.MjModel, names: Sequence[str]) -> None:
        self.model = model
        self.data = mujoco.MjData(model)
        self.model.body_gravcomp[:] = 0.0
        self.dofs = [int(model.joint(name).dofadr[0]) for name in names]
        self.addresses = [int(model.joint(name).qposadr[0]) for name in names]

    def place(self, position: Vector, velocity: Vector) -> None:
        self.data.qpos[:] = 0.0
        self.data.qvel[:] = 0.0
        self.data.qpos[self.addresses] = position
        self.data.qvel[self.dofs] = velocity
        mujoco.mj_fwdPosition(self.model, self.data)
        mujoco.mj_fwdVelocity(self.model, self.data)

    def mass_matrix(self) -> Vector:
        whole = np.zeros((self.model.nv, self.model.nv))
        mujoco.mj_fullM(self.model, self.data, whole)
        return whole[np.ix_(self.dofs, self.dofs)]

    def bias(self) -> Vector:
        return np.asarray(self.data.qfrc_bias[self.dofs]).copy()


def assert_same(ours: Vector, theirs: Vector) -> None:
    """Equal to 1e-9 of the largest entry."""
    scale = max(1e-3, float(np.abs(theirs).max()))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9 * scale)


def compare(body: rt.RigidBody, reference: Reference, position: Vector, velocity: Vector, acceleration: Vector) -> None:
    """Mass matrix, weight, Coriolis and inverse dynamics in one state."""
    reference.place(position, velocity)
    mass, bias = reference.mass_matrix(), reference.bias()
    assert_same(body.mass_matrix(position), mass)
    assert_same(body.inverse_dynamics(position, velocity, acceleration), mass @ acceleration + bias)
    reference.place(position, np.zeros_like(velocity))
    gravity = reference.bias()
    assert_same(body.gravity_torque(position), gravity)
    scale = np.abs(bias).max() + np.abs(gravity).max()
    np.testing.assert_allclose(body.coriolis_torque(position, velocity), bias - gravity, rtol=0, atol=1e-9 * scale)

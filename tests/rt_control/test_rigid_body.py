"""Dynamics against MuJoCo, against finite differences, and by the laws that hold for any arm."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rt_control import _native as rt
from rt_control.description import RobotDescription, compile_model, load_robot
from rt_control.kinematic_chain import read_chain
from rt_control.model_compiler import quaternion_of
from rt_control.rigid_links import read_rigid_links
from tests.rt_control.mujoco_chain import Link, Reference, Vector, compare, mjcf_of
from tests.rt_control.rig import small_model

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def arm7() -> RobotDescription:
    return load_robot("arm7")


@pytest.fixture(scope="module")
def body(arm7: RobotDescription) -> rt.RigidBody:
    return rt.RigidBody(compile_model(arm7))


def state_of(arm7: RobotDescription, random: np.random.Generator) -> tuple[Vector, Vector, Vector]:
    arm = arm7.axis[:7]
    position = np.array([random.uniform(axis.lower, axis.upper) for axis in arm])
    velocity = np.array([random.uniform(-axis.velocity, axis.velocity) for axis in arm])
    acceleration = np.array([random.uniform(-axis.acceleration, axis.acceleration) for axis in arm])
    return position, velocity, acceleration


def unit(random: np.random.Generator, size: int) -> Vector:
    vector = random.normal(size=size)
    return np.asarray(vector / np.linalg.norm(vector))


def random_links(random: np.random.Generator, count: int) -> list[Link]:
    """Any rigid bodies on any axes; the moments are those of a cloud of points, so that the body can exist."""
    links = []
    for _ in range(count):
        square = random.uniform(0.01, 0.3, 3) ** 2
        mass = float(random.uniform(0.1, 10.0))
        links.append(
            Link(
                prismatic=bool(random.random() < 0.3),
                position=tuple(random.uniform(-0.5, 0.5, 3).tolist()),
                quaternion=unit(random, 4),
                axis=unit(random, 3),
                mass=mass,
                centre=tuple(random.uniform(-0.2, 0.2, 3).tolist()),
                moments=mass * (square.sum() - square),
                turn=unit(random, 4),
                armature=float(random.uniform(0.0, 0.2)),
            )
        )
    return links


def compiled(path: Path, count: int) -> rt.RobotModel:
    """The model of a chain alone, without a robot file."""
    chain = read_chain(path, "tcp")
    links = read_rigid_links(path, [link.joint.name for link in chain.links])
    kinds = [rt.AxisKind.revolute if link.joint.kind == "revolute" else rt.AxisKind.prismatic for link in chain.links]
    model = rt.RobotModel(
        axes=count,
        arm_axes=count,
        simulated=1,
        lower=[-3.0] * count,
        upper=[3.0] * count,
        velocity=[2.0] * count,
        acceleration=[10.0] * count,
        jerk=[1000.0] * count,
        torque=[100.0] * count,
        position_parent=[link.pose_parent_from_joint[:3, 3] for link in chain.links],
        quaternion_parent=[quaternion_of(link.pose_parent_from_joint[:3, :3]) for link in chain.links],
        axis_vector=[link.axis / np.linalg.norm(link.axis) for link in chain.links],
        mass=[link.mass_kg for link in links.links],
        centre_of_mass=[link.centre for link in links.links],
        inertia=[link.inertia[(0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2)] for link in links.links],
        armature=[link.armature for link in links.links],
        gravity=links.gravity,
    )
    model.kinds = kinds
    assert model.fault() == ""
    return model


@settings(deadline=None, max_examples=100)
@given(seeds)
def test_the_shipped_arm_moves_as_mujoco_says(seed: int) -> None:
    arm7 = load_robot("arm7")
    reference = Reference(mujoco.MjModel.from_xml_path(str(arm7.model_path)), arm7.axis_names[:7])
    compare(rt.RigidBody(compile_model(arm7)), reference, *state_of(arm7, np.random.default_rng(seed)))


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(1, 16))
def test_any_chain_moves_as_mujoco_says(tmp_path_factory: pytest.TempPathFactory, seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    text = mjcf_of(random_links(random, count))
    path = tmp_path_factory.mktemp("chain") / "chain.xml"
    path.write_text(text)
    model = mujoco.MjModel.from_xml_string(text)
    position, velocity, acceleration = random.uniform([[-2.5], [-2.0], [-10.0]], [[2.5], [2.0], [10.0]], (3, count))
    reference = Reference(model, [f"j{number}" for number in range(count)])
    compare(rt.RigidBody(compiled(path, count)), reference, position, velocity, acceleration)


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_the_mass_matrix_changes_by_coriolis_and_its_transpose(seed: int) -> None:
    arm7 = load_robot("arm7")
    body = rt.RigidBody(compile_model(arm7))
    position, velocity, _ = state_of(arm7, np.random.default_rng(seed))
    step = 1e-6
    ahead, behind = (body.mass_matrix(position + sign * step * velocity) for sign in (1, -1))
    change = (ahead - behind) / (2 * step) @ velocity
    _, transposed = body.momentum(position, velocity)
    np.testing.assert_allclose(body.coriolis_torque(position, velocity) + transposed, change, atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_coriolis_transposed_is_the_derivative_of_the_kinetic_energy(seed: int) -> None:
    arm7 = load_robot("arm7")
    body = rt.RigidBody(compile_model(arm7))
    position, velocity, _ = state_of(arm7, np.random.default_rng(seed))
    step = 1e-6
    _, transposed = body.momentum(position, velocity)
    for axis in range(7):
        shift = step * np.eye(7)[axis]
        energies = [velocity @ body.mass_matrix(position + sign * shift) @ velocity / 2 for sign in (1, -1)]
        assert transposed[axis] == pytest.approx((energies[0] - energies[1]) / (2 * step), abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_momentum_is_the_mass_matrix_times_velocity(seed: int) -> None:
    arm7 = load_robot("arm7")
    body = rt.RigidBody(compile_model(arm7))
    position, velocity, _ = state_of(arm7, np.random.default_rng(seed))
    momentum, _ = body.momentum(position, velocity)
    np.testing.assert_allclose(momentum, body.mass_matrix(position) @ velocity, atol=1e-12)


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_forward_dynamics_undo_inverse_dynamics(seed: int) -> None:
    arm7 = load_robot("arm7")
    body = rt.RigidBody(compile_model(arm7))
    position, velocity, acceleration = state_of(arm7, np.random.default_rng(seed))
    torque = body.inverse_dynamics(position, velocity, acceleration)
    np.testing.assert_allclose(body.forward_dynamics(position, velocity, torque), acceleration, atol=1e-9)


@settings(deadline=None, max_examples=50)
@given(seeds)
def test_masses_and_inertias_wrong_by_a_share_are_wrong_by_no_more_than_that_of_the_magnitude(seed: int) -> None:
    random = np.random.default_rng(seed)
    arm7 = load_robot("arm7")
    position, velocity, acceleration = state_of(arm7, random)
    model = compile_model(arm7)
    nominal = rt.RigidBody(model)
    magnitude = nominal.torque_magnitude(position, velocity, acceleration)
    model.mass = model.mass * random.choice([0.9, 1.1], 16)
    model.inertia = model.inertia * random.choice([0.9, 1.1], 16)[:, None]
    model.armature = model.armature * random.choice([0.9, 1.1], 16)
    wrong = rt.RigidBody(model).inverse_dynamics(position, velocity, acceleration)
    right = nominal.inverse_dynamics(position, velocity, acceleration)
    assert (np.abs(wrong - right) <= 0.1 * magnitude + 1e-12).all()


def test_a_tilted_base_turns_the_weight(arm7: RobotDescription) -> None:
    model = mujoco.MjModel.from_xml_path(str(arm7.model_path))
    model.opt.gravity[:] = [3.0, -2.0, -9.0]
    tilted = rt.RigidBody(compile_model(arm7))
    tilted.gravity = [3.0, -2.0, -9.0]
    compare(tilted, Reference(model, arm7.axis_names[:7]), *state_of(arm7, np.random.default_rng(0)))


def test_friction_opposes_the_motion_and_has_no_sign_at_rest() -> None:
    body = rt.RigidBody(small_model(damping=[2.0] * 7, dry_friction=[1.0] * 7))
    np.testing.assert_allclose(body.friction_torque([0.5] * 7), 2.0)
    np.testing.assert_allclose(body.friction_torque([-0.5] * 7), -2.0)
    np.testing.assert_allclose(body.friction_torque([0.0] * 7), 0.0)


def test_too_few_velocities_are_refused(body: rt.RigidBody) -> None:
    with pytest.raises(ValueError, match="6 axis velocities, expected at least the 7 of the arm"):
        body.coriolis_torque(np.zeros(7), np.zeros(6))

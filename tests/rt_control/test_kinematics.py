"""Kinematics against finite differences, and against MuJoCo on the shipped robot."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rt_control import _native as rt
from rt_control.description import load_robot
from tests.rt_control.rig import ARM_AXES, small_model

positions = st.lists(st.floats(-2.0, 2.0), min_size=ARM_AXES, max_size=ARM_AXES).map(np.array)


def rotation_vector(rotation: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of a small rotation."""
    return (
        np.array([rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]])
        / 2
    )


@settings(deadline=None)
@given(positions)
def test_the_jacobian_is_the_derivative_of_the_pose(position: npt.NDArray[np.float64]) -> None:
    kinematics = rt.Kinematics(small_model())
    jacobian = kinematics.jacobian(position)
    step = 1e-6
    for axis in range(ARM_AXES):
        ahead, behind = position.copy(), position.copy()
        ahead[axis] += step
        behind[axis] -= step
        pose_ahead, pose_behind = kinematics.forward(ahead), kinematics.forward(behind)
        linear = (pose_ahead[:3, 3] - pose_behind[:3, 3]) / (2 * step)
        angular = rotation_vector(pose_ahead[:3, :3] @ pose_behind[:3, :3].T) / (2 * step)
        assert jacobian[:3, axis] == pytest.approx(linear, abs=1e-7)
        assert jacobian[3:, axis] == pytest.approx(angular, abs=1e-7)


@settings(deadline=None)
@given(positions)
def test_every_pose_is_a_rigid_one_and_the_last_is_the_tcp(position: npt.NDArray[np.float64]) -> None:
    kinematics = rt.Kinematics(small_model())
    poses = kinematics.link_poses(position)
    assert poses.shape == (ARM_AXES + 1, 4, 4)
    for pose in poses:
        assert pose[:3, :3] @ pose[:3, :3].T == pytest.approx(np.eye(3), abs=1e-12)
        assert np.linalg.det(pose[:3, :3]) == pytest.approx(1.0)
    assert (poses[-1] == kinematics.forward(position)).all()


def test_too_few_positions_are_refused() -> None:
    with pytest.raises(ValueError, match="6 axis positions, expected at least the 7 of the arm"):
        rt.Kinematics(small_model()).forward(np.zeros(6))


def test_the_shipped_robot_agrees_with_mujoco() -> None:
    mujoco = pytest.importorskip("mujoco")
    from rt_control.model_compiler import compile_model

    description = load_robot("arm7")
    kinematics = rt.Kinematics(compile_model(description))
    model = mujoco.MjModel.from_xml_path(str(description.model_path))
    data = mujoco.MjData(model)
    random = np.random.default_rng(7)
    site = model.site(description.robot.tcp_site).id
    addresses = [model.joint(name).qposadr[0] for name in description.axis_names]
    columns = [model.joint(description.axis_names[index]).dofadr[0] for index in description.arm_indices]
    for _ in range(50):
        position = np.array([random.uniform(axis.lower, axis.upper) for axis in description.axis])
        data.qpos[addresses] = position
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        pose = kinematics.forward(position)
        assert pose[:3, 3] == pytest.approx(data.site_xpos[site], abs=1e-9)
        assert pose[:3, :3] == pytest.approx(data.site_xmat[site].reshape(3, 3), abs=1e-9)
        linear, angular = np.zeros((3, model.nv)), np.zeros((3, model.nv))
        mujoco.mj_jacSite(model, data, linear, angular, site)
        expected = np.vstack([linear, angular])[:, columns]
        assert kinematics.jacobian(position) == pytest.approx(expected, abs=1e-9)

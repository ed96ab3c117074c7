from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from rt_control._native import AxisKind, Kinematics, RobotModel, Source
from rt_control.description import RobotDescription, compile_model, load_robot
from rt_control.errors import InputError
from rt_control.kinematic_chain import read_chain
from rt_control.robot_check import check_robot
from rt_control.robot_file import Axis
from tests.rt_control.chain_forward import forward


@pytest.fixture(scope="module")
def arm7() -> RobotDescription:
    return load_robot("arm7")


def with_axis(robot: RobotDescription, index: int, **changes: object) -> RobotDescription:
    axes = list(robot.axis)
    axes[index] = msgspec.structs.replace(axes[index], **changes)
    return with_axes(robot, *axes)


def with_axes(robot: RobotDescription, *axes: Axis) -> RobotDescription:
    return msgspec.structs.replace(robot, axis=tuple(axes))


def test_the_model_says_what_the_file_says(arm7: RobotDescription) -> None:
    model = compile_model(arm7)
    assert model.names == list(arm7.axis_names)
    assert (model.axes, model.arm_axes, model.simulated) == (8, 7, 1)
    assert model.kinds == [AxisKind.revolute] * 7 + [AxisKind.prismatic]
    for limit in ("lower", "upper", "velocity", "acceleration", "jerk", "torque"):
        assert list(getattr(model, limit)[:8]) == [getattr(axis, limit) for axis in arm7.axis]
    assert (model.period_ns, model.agent_lease_cycles, model.stream_lease_cycles) == (1_000_000, 250, 20)
    assert (model.drive_watchdog_cycles, model.drive_watchdog_cycles_degraded) == (5, 50)
    assert model.lateness_limit_ns < model.lateness_limit_degraded_ns
    agent, perception, fallback = model.constraint_slots
    assert (agent.source, perception.source, fallback.source) == (Source.agent, Source.perception, Source.fallback)
    assert (perception.lease_cycles, perception.stale_tcp_speed_mps) == (200, 0.25)
    assert math.isinf(agent.stale_tcp_speed_mps)


def test_the_model_survives_its_bytes(arm7: RobotDescription) -> None:
    model = compile_model(arm7)
    assert RobotModel.from_bytes(model.to_bytes()) == model


def test_the_compiled_kinematics_are_those_of_the_model_file(arm7: RobotDescription) -> None:
    kinematics = Kinematics(compile_model(arm7))
    chain = read_chain(arm7.model_path, "tcp")
    random = np.random.default_rng(0)
    for position in random.uniform(-2.0, 2.0, (50, 7)):
        np.testing.assert_allclose(kinematics.forward(position), forward(chain, position), atol=1e-12)


def test_a_check_reports_the_figures_of_the_datasheet(arm7: RobotDescription) -> None:
    report = check_robot(arm7)
    assert 0.9 < report.reach_m < 1.1, "0.855 m to the wrist, and the hand beyond it"
    np.testing.assert_allclose(report.pose_base_from_tcp_at_home[:3, 3], [0.307, 0.0, 0.487], atol=1e-3)
    assert report.stopping_s == pytest.approx(2.175 / 3.75)
    assert 0.8 < report.braking_torque_ratio < 1.0, "it has the torque for every stop"


def test_axes_in_another_order_than_the_model_are_refused(arm7: RobotDescription) -> None:
    first, second, *others = arm7.axis
    with pytest.raises(InputError, match="allowed: joint1, joint2, .*, in this order; correct"):
        compile_model(with_axes(arm7, second, first, *others))


def test_a_range_beyond_the_models_is_refused(arm7: RobotDescription) -> None:
    with pytest.raises(InputError, match=r"axis\[1\].upper \(of 'joint2'\) = 1.9; allowed: at most the model's 1.7628"):
        compile_model(with_axis(arm7, 1, upper=1.9))
    with pytest.raises(InputError, match=r"axis\[1\].lower \(of 'joint2'\) = -1.9; allowed: at least the model's"):
        compile_model(with_axis(arm7, 1, lower=-1.9))


def test_a_kind_unlike_the_models_is_refused(arm7: RobotDescription) -> None:
    with pytest.raises(InputError, match=r"axis\[0\].kind \(of 'joint1'\) = 'prismatic'; allowed: revolute"):
        compile_model(with_axis(arm7, 0, kind="prismatic"))


def test_a_gripper_that_the_model_lacks_is_refused(arm7: RobotDescription) -> None:
    assert arm7.gripper is not None
    robot = msgspec.structs.replace(
        with_axis(arm7, 7, name="claw"), gripper=msgspec.structs.replace(arm7.gripper, axis="claw")
    )
    with pytest.raises(InputError, match=r"axis\[7\].name = 'claw'; allowed: joint1, .*gripper.*; name a joint"):
        compile_model(robot)

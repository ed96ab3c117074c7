"""What a robot can do by its file: for people who check one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rt_control.model_compiler import compile_model
from rt_control.robot_file import RobotDescription

if TYPE_CHECKING:
    from rt_control._native import RobotModel

_SAMPLES = 4096


@dataclass(frozen=True, slots=True)
class RobotReport:
    """Figures that a person can compare with the datasheet and with the real robot.

    Attributes:
        reach_m: largest distance of the tool centre point from the first axis, over sampled positions.
        pose_base_from_tcp_at_home: 4x4.
        stopping_s: how long the slowest axis needs from full speed to standstill.
        braking_torque_ratio: largest share of an axis's torque that braking takes, over sampled motions.
        capsules, pairs, zones: shapes of the arm, those of them that must stay apart, and boxes that bound its motion.
    """

    reach_m: float
    pose_base_from_tcp_at_home: npt.NDArray[np.float64]
    stopping_s: float
    braking_torque_ratio: float
    capsules: int
    pairs: int
    zones: int


def check_robot(description: RobotDescription) -> RobotReport:
    """Compare a robot file with its model and compute what it means.

    Raises:
        InputError: the two contradict each other.
    """
    from rt_control._native import Kinematics

    model = compile_model(description)
    kinematics = Kinematics(model)
    arm = [description.axis[index] for index in description.arm_indices]
    random = np.random.default_rng(0)
    positions = random.uniform([axis.lower for axis in arm], [axis.upper for axis in arm], (_SAMPLES, len(arm)))
    shoulder = kinematics.link_poses(positions[0])[0, :3, 3]
    home = np.array([description.home[index] for index in description.arm_indices])
    return RobotReport(
        reach_m=max(float(np.linalg.norm(kinematics.forward(position)[:3, 3] - shoulder)) for position in positions),
        pose_base_from_tcp_at_home=kinematics.forward(home),
        stopping_s=max(axis.velocity / axis.acceleration for axis in arm),
        braking_torque_ratio=_braking_torque_ratio(model, random),
        capsules=len(model.capsules),
        pairs=len(model.pairs),
        zones=len(model.zones),
    )


def _braking_torque_ratio(model: RobotModel, random: np.random.Generator) -> float:
    from rt_control._native import RigidBody

    body, arm = RigidBody(model), slice(model.arm_axes)
    worst = 0.0
    for _ in range(_SAMPLES):
        direction = random.choice([-1.0, 1.0], model.arm_axes)
        velocity = direction * random.uniform(0.0, 1.0, model.arm_axes) * model.velocity[arm]
        position = random.uniform(model.lower[arm], model.upper[arm])
        torque = body.inverse_dynamics(position, velocity, -direction * model.acceleration[arm])
        worst = max(worst, float(np.abs((torque + body.friction_torque(velocity)) / model.torque[arm]).max()))
    return worst

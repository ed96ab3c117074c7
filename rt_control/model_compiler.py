"""Compile a robot file and its MJCF or URDF into the fixed-size model that `rt_control` runs with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rt_control.arm_shapes import set_shapes
from rt_control.errors import InputError
from rt_control.kinematic_chain import Joint, KinematicChain, read_chain
from rt_control.rigid_links import read_rigid_links
from rt_control.robot_file import Axis, ConstraintSource, RobotDescription

if TYPE_CHECKING:
    from rt_control._native import ConstraintSlot, RobotModel

RANGE_TOLERANCE = 1e-6  # rad, m: figures rounded in the one file and not in the other


def compile_model(description: RobotDescription) -> RobotModel:
    """Compile what `rt_control` needs to know of its robot.

    Raises:
        InputError: the robot file and its model contradict each other; one line with the mend.
    """
    from rt_control._native import AxisKind, RobotModel

    chain = checked_chain(description)
    timing, axes = description.timing, description.axis
    model = RobotModel()
    model.axes = len(axes)
    model.arm_axes = len(chain.links)
    model.simulated = int(description.robot.simulated)
    model.names = list(description.axis_names)
    model.kinds = [AxisKind.revolute if axis.kind == "revolute" else AxisKind.prismatic for axis in axes]
    for limit in ("lower", "upper", "velocity", "acceleration", "jerk", "torque"):
        values = getattr(model, limit).copy()
        values[: len(axes)] = [getattr(axis, limit) for axis in axes]
        setattr(model, limit, values)
    _set_chain(model, chain)
    _set_rigid_links(model, description, chain)
    model.period_ns = _nanoseconds(timing.period_s)
    model.observation_age_limit_ns = _nanoseconds(timing.observation_age_limit_s)
    model.chunk_duration_limit_ns = _nanoseconds(timing.chunk_duration_limit_s)
    model.lateness_limit_ns = _nanoseconds(timing.lateness_limit_s)
    model.lateness_limit_degraded_ns = _nanoseconds(timing.lateness_limit_degraded_s or timing.lateness_limit_s)
    model.stream_lease_cycles = timing.stream_lease_cycles
    model.agent_lease_cycles = round(timing.agent_lease_s / timing.period_s)
    model.drive_lost_cycles = timing.drive_lost_cycles
    model.drive_lost_cycles_degraded = timing.drive_lost_cycles_degraded or timing.drive_lost_cycles
    model.drive_watchdog_cycles = timing.drive_watchdog_cycles
    model.drive_watchdog_cycles_degraded = description.watchdog_cycles_degraded
    for name in description.separation.__struct_fields__:
        setattr(model, name, getattr(description.separation, name))
    model.position_tolerance = description.tolerance.position
    model.standstill_velocity = description.tolerance.standstill_velocity
    model.ramp_tolerance = description.tolerance.ramp_ratio
    model.reseed_tolerance = description.tolerance.reseed
    _set_estimator_and_contact(model, description)
    model.constraint_slots = [_slot(item, timing.period_s) for item in description.constraint_source]
    set_shapes(model, description, chain)
    if fault := model.fault():
        raise InputError(f"{description.path}: {fault}; correct it")
    return model


def checked_chain(description: RobotDescription) -> KinematicChain:
    """The chain of the model, after comparing it with the robot file.

    Raises:
        InputError: an axis is missing, in another order, of another kind, or has a range beyond the model's.
    """
    chain = read_chain(description.model_path, description.robot.tcp_site)
    arm = list(description.arm_names)
    found = [link.joint.name for link in chain.links]
    if arm != found:
        raise InputError(
            f"{description.path}: axis names {arm} are not the joints from base to {description.robot.tcp_site};"
            f" allowed: {', '.join(found)}, in this order; correct the [[axis]] sections"
        )
    joints = {joint.name: joint for joint in (*(link.joint for link in chain.links), *chain.others)}
    for index, axis in enumerate(description.axis):
        if axis.name not in joints:
            raise InputError(
                f"{description.path}: axis[{index}].name = {axis.name!r}; allowed: {', '.join(joints)};"
                " name a joint of the model"
            )
        _compare(description, index, axis, joints[axis.name])
    return chain


def _compare(description: RobotDescription, index: int, axis: Axis, joint: Joint) -> None:
    key = f"{description.path}: axis[{index}]"
    if axis.kind != joint.kind:
        raise InputError(
            f"{key}.kind (of {axis.name!r}) = {axis.kind!r}; allowed: {joint.kind}, as in the model; correct it"
        )
    if axis.lower < joint.lower - RANGE_TOLERANCE:
        raise InputError(
            f"{key}.lower (of {axis.name!r}) = {axis.lower}; allowed: at least the model's {joint.lower:g}; raise it"
        )
    if axis.upper > joint.upper + RANGE_TOLERANCE:
        raise InputError(
            f"{key}.upper (of {axis.name!r}) = {axis.upper}; allowed: at most the model's {joint.upper:g}; lower it"
        )


def _set_chain(model: RobotModel, chain: KinematicChain) -> None:
    position, quaternion, vector = (
        model.position_parent.copy(),
        model.quaternion_parent.copy(),
        model.axis_vector.copy(),
    )
    for index, link in enumerate(chain.links):
        position[index] = link.pose_parent_from_joint[:3, 3]
        quaternion[index] = quaternion_of(link.pose_parent_from_joint[:3, :3])
        vector[index] = link.axis / np.linalg.norm(link.axis)
    model.position_parent, model.quaternion_parent, model.axis_vector = position, quaternion, vector
    model.tcp_position = chain.pose_last_from_tcp[:3, 3].copy()
    model.tcp_quaternion = quaternion_of(chain.pose_last_from_tcp[:3, :3])


def _set_rigid_links(model: RobotModel, description: RobotDescription, chain: KinematicChain) -> None:
    read = read_rigid_links(description.model_path, [link.joint.name for link in chain.links])
    values = {
        "mass": [link.mass_kg for link in read.links],
        "centre_of_mass": [link.centre for link in read.links],
        "inertia": [link.inertia[(0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2)] for link in read.links],
        "armature": [link.armature for link in read.links],
        "damping": [link.damping for link in read.links],
        "dry_friction": [link.dry_friction for link in read.links],
    }
    for name, value in values.items():
        whole = getattr(model, name).copy()
        whole[: len(read.links)] = value
        setattr(model, name, whole)
    model.gravity = read.gravity


def _set_estimator_and_contact(model: RobotModel, description: RobotDescription) -> None:
    for name in description.estimator.__struct_fields__:
        setattr(model, name, getattr(description.estimator, name))
    for name in description.contact.__struct_fields__:
        setattr(model, f"contact_{name}", getattr(description.contact, name))


def quaternion_of(rotation: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Unit quaternion (w, x, y, z) of a rotation matrix, w >= 0."""
    from scipy.spatial.transform import Rotation

    x, y, z, w = Rotation.from_matrix(rotation).as_quat(canonical=True)
    return np.array([w, x, y, z])


def _slot(item: ConstraintSource, period_s: float) -> ConstraintSlot:
    from rt_control import _native

    slot = _native.ConstraintSlot()
    slot.source = getattr(_native.Source, item.source)
    slot.lease_cycles = max(1, round(item.lease_s / period_s))
    slot.stale_speed_scale = item.stale_speed_scale
    slot.stale_margin_scale = item.stale_margin_scale
    slot.stale_tcp_speed_mps = math.inf if item.stale_tcp_speed_mps is None else item.stale_tcp_speed_mps
    return slot


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)

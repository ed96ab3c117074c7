"""Where the axes of a robot file are in a MuJoCo model: one position actuator each, named as the axis."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import numpy.typing as npt

from rt_control.description import RobotDescription
from rt_control.errors import InputError
from rt_control.robot_file import MAX_AXES
from sim.drives import Reference

# Torque of a closed brake / torque limit of the drive: holds the outstretched arm, and stops a fast one quickly.
BRAKE_RATIO = 1.5


class AxisMap:
    """Reads and moves the axes; vectors it returns have MAX_AXES entries, the unused ones 0."""

    def __init__(self, model: mujoco.MjModel, description: RobotDescription, world_path: Path) -> None:
        """Find every axis.

        Raises:
            InputError: the world lacks an actuator, or has one of a kind that is not understood.
        """
        self.actuators = np.array([_actuator(model, name, world_path) for name in description.axis_names])
        joints: list[int] = []
        self._ratio = np.zeros((MAX_AXES, model.njnt))
        self._tendon_axes: list[int] = []
        self._joint_axes: list[int] = []
        self._joint_dofs: list[int] = []
        brake: list[float] = []
        for index, (axis, actuator) in enumerate(zip(description.axis, self.actuators, strict=True)):
            for joint, ratio in _joints_of(model, int(actuator), world_path):
                self._ratio[index, len(joints)] = ratio
                joints.append(joint)
                brake.append(BRAKE_RATIO * axis.torque)
            if model.actuator_trntype[actuator] == mujoco.mjtTrn.mjTRN_JOINT:
                self._joint_axes.append(index)
                self._joint_dofs.append(int(model.jnt_dofadr[joints[-1]]))
            else:
                self._tendon_axes.append(index)
        implicit = (mujoco.mjtIntegrator.mjINT_IMPLICIT, mujoco.mjtIntegrator.mjINT_IMPLICITFAST)
        self._velocity_gain = np.zeros(MAX_AXES)
        if model.opt.integrator in implicit:
            self._velocity_gain[self._joint_axes] = -model.actuator_biasprm[self.actuators[self._joint_axes], 2]
        joints_alone = model.dof_jntid[self._joint_dofs]
        limited = model.jnt_actfrclimited[joints_alone].astype(bool)
        self._torque_limit = np.where(limited, model.jnt_actfrcrange[joints_alone, 1], np.inf)
        self._tendon_actuators = self.actuators[self._tendon_axes]
        self._ratio = self._ratio[:, : len(joints)].copy()
        self._positions = model.jnt_qposadr[joints]
        self._dofs = model.jnt_dofadr[joints]
        self._brake = np.array(brake)
        self._joint_range, self._joint_dof_range = (
            _range_of(np.array(indices)) for indices in (self._joint_axes, self._joint_dofs)
        )
        self._position_range, self._dof_range = _range_of(self._positions), _range_of(self._dofs)
        # force = kp (ctrl - q) - kv q' becomes kp (position - q) + kv (velocity - q') with this share of the velocity.
        self._feed_forward = -model.actuator_biasprm[self.actuators, 2] / model.actuator_gainprm[self.actuators, 0]

    def position(self, data: mujoco.MjData) -> npt.NDArray[np.float64]:
        """Position of each axis, rad or m."""
        position: npt.NDArray[np.float64] = self._ratio.dot(data.qpos[self._position_range])
        return position

    def velocity(self, data: mujoco.MjData) -> npt.NDArray[np.float64]:
        """Velocity of each axis, rad/s or m/s."""
        velocity: npt.NDArray[np.float64] = self._ratio.dot(data.qvel[self._dof_range])
        return velocity

    def torque(
        self, data: mujoco.MjData, velocity_before: npt.NDArray[np.float64], velocity: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Mean torque of each motor in the last step, gravity compensation included, N m; force of the gripper, N.

        Args:
            data: after the step.
            velocity_before: of the axes, before it.
            velocity: of the axes, after it.
        """
        # The implicit integrators let the motors' velocity gain act on the velocity at the end of the step: while the
        # arm accelerates, that is some N m less than what MuJoCo computed at its beginning. Not so at the torque limit.
        computed = data.qfrc_actuator[self._joint_dof_range]
        torque = self._velocity_gain * (velocity_before - velocity)
        torque[self._joint_range] *= np.abs(computed) < self._torque_limit
        torque[self._joint_range] += computed
        torque[self._tendon_axes] = data.actuator_force[self._tendon_actuators]
        return torque

    def follow(self, data: mujoco.MjData, reference: Reference) -> None:
        """Give the motors a reference for the next step."""
        data.ctrl[self.actuators] = reference.position + self._feed_forward * reference.velocity

    def set_brakes(self, model: mujoco.MjModel, closed: bool) -> None:
        """A closed brake is dry friction in each joint."""
        model.dof_frictionloss[self._dofs] = self._brake if closed else 0.0

    def move_to(self, data: mujoco.MjData, position: npt.NDArray[np.float64]) -> None:
        """Put every joint where its axis has the given position; joints that share an axis get the same."""
        for index, value in enumerate(position):
            data.qpos[self._positions[self._ratio[index] != 0.0]] = value


def _range_of(indices: npt.NDArray[np.int_]) -> slice | npt.NDArray[np.int_]:
    """The same indices as a slice where they follow each other: a thousand looks a second cost less."""
    if not len(indices):
        return slice(0, 0)
    first = int(indices[0])
    return slice(first, first + len(indices)) if (np.diff(indices) == 1).all() else indices


def _actuator(model: mujoco.MjModel, name: str, world_path: Path) -> int:
    actuator = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_ACTUATOR, name)
    if actuator < 0:
        names = ", ".join(model.actuator(index).name for index in range(model.nu)) or "none"
        raise InputError(
            f"{world_path}: axis {name!r} has no actuator; allowed: {names}; add a <position name={name!r}>"
        )
    return int(actuator)


def _joints_of(model: mujoco.MjModel, actuator: int, world_path: Path) -> list[tuple[int, float]]:
    """Joints that an actuator moves, with the share of each in the axis' position."""
    target = int(model.actuator_trnid[actuator, 0])
    match model.actuator_trntype[actuator]:
        case mujoco.mjtTrn.mjTRN_JOINT:
            return [(target, 1.0)]
        case mujoco.mjtTrn.mjTRN_TENDON:
            first = model.tendon_adr[target]
            wraps = range(first, first + model.tendon_num[target])
            if all(model.wrap_type[wrap] == mujoco.mjtWrap.mjWRAP_JOINT for wrap in wraps):
                return [(int(model.wrap_objid[wrap]), float(model.wrap_prm[wrap])) for wrap in wraps]
    name = model.actuator(actuator).name
    raise InputError(f"{world_path}: actuator {name!r} moves neither a joint nor a fixed tendon; use one of these")

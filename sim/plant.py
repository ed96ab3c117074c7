"""The simulated robot and its surroundings: physics behind virtual drives, one millisecond at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import mujoco
import numpy as np

from rt_control.description import RobotDescription
from rt_control.errors import InputError
from rt_control.robot_file import MAX_AXES
from sim.axes import AxisMap
from sim.drives import VirtualDrives
from sim.person import PersonPath
from sim.scenario import Scenario, make_scenario
from sim.world_state import load_world, pack_world

if TYPE_CHECKING:
    from rt_control._native import DriveCommand, DriveState

POWER_EVERY_CYCLES = 10
IDLE_POWER_W = 60.0  # electronics and motors at standstill
FOLLOWING_LIMIT = {"revolute": 0.2, "prismatic": 0.05}  # rad, m


class Plant:
    """Virtual drives, arm, table, objects and a person's arm; the same inputs give the same states to the bit.

    The arm starts at `home` at standstill with its brakes closed; the first enabling command opens them.

    Attributes:
        emergency_stop: True opens the e-stop chain.
        person: path of the person's arm.
        battery: charge, 0..1.
        scenario: what the seed placed on the table.
        axes: of the robot file in the model.
    """

    def __init__(
        self,
        world_path: Path,
        description: RobotDescription,
        seed: int,
        drive_watchdog_cycles: int,
        person: PersonPath | None = None,
    ) -> None:
        """Load the world and place the objects of the seed.

        Raises:
            InputError: the world does not fit the robot file.
        """
        self.description = description
        self.model = load_world(world_path)
        self.data = mujoco.MjData(self.model)
        self.model.opt.timestep = description.timing.period_s
        self.emergency_stop = False
        self.person = person or PersonPath()
        self.battery = 1.0
        self.cycle = 0
        self._count = len(description.axis)
        self._blank_state = _blank_state(self._count)
        self.axes = AxisMap(self.model, description, world_path)
        self._gravcomp = self.model.body_gravcomp.copy()
        self._no_torque = np.zeros(MAX_AXES)
        self._period_s = description.timing.period_s
        self._period_ns = round(description.timing.period_s * 1e9)
        self._joules = 3600.0 * (description.simulation.battery_capacity_wh if description.simulation else 300.0)
        self._person_mocap = _mocap_index(self.model)
        limits = [FOLLOWING_LIMIT[axis.kind] for axis in description.axis]
        if description.gripper_index is not None:  # the fingers are meant to stop at what they grasp
            limits[description.gripper_index] = np.inf
        self.drives = VirtualDrives(description.timing.period_s, np.array(limits), drive_watchdog_cycles)
        self.scenario = make_scenario(description, seed)
        self._place(self.scenario)
        self.axes.move_to(self.data, np.array(description.home))
        self._set_brakes(closed=True)
        mujoco.mj_forward(self.model, self.data)
        self._position = self.axes.position(self.data)
        self._velocity = self.axes.velocity(self.data)

    @property
    def time_s(self) -> float:
        """Simulated time since the start."""
        return float(self.data.time)

    def step(self, command: DriveCommand | None) -> DriveState:
        """Simulate one period.

        Args:
            command: newest drive command, or None; the same one again is not fresh and does not pet the watchdog.

        Returns:
            What the drives measure at its end, with simulated time in `stamp_ns` and a `dilation` of 1.
        """
        reference = self.drives.step(command, self._position[: self._count], self.emergency_stop)
        if (reference is None) != self._brakes_closed:
            self._set_brakes(closed=reference is None)
        if reference is not None:
            self.axes.follow(self.data, reference)
        if self._person_mocap >= 0 and self.person.keyframes:
            position, quaternion = self.person.pose(self.time_s)
            self.data.mocap_pos[self._person_mocap] = position
            self.data.mocap_quat[self._person_mocap] = quaternion
        mujoco.mj_step(self.model, self.data)
        self.cycle += 1
        return self._measure()

    def world_bytes(self, stamp_ns: int | None = None) -> bytes:
        """The world as it is now, for the cameras.

        Args:
            stamp_ns: when that is; simulated time if None.
        """
        return pack_world(self.data, self.cycle * self._period_ns if stamp_ns is None else stamp_ns)

    def _measure(self) -> DriveState:
        self._position = self.axes.position(self.data)
        velocity = self.axes.velocity(self.data)
        torque = self._no_torque
        if not self._brakes_closed:
            torque = self.axes.torque(self.data, self._velocity, velocity)
        self._velocity = velocity
        if self.cycle % POWER_EVERY_CYCLES == 0:
            power_w = IDLE_POWER_W + float(np.abs(torque).dot(np.abs(velocity)))
            self.battery = max(0.0, self.battery - power_w * POWER_EVERY_CYCLES * self._period_s / self._joules)
        state = self._blank_state.copy()  # half the time of the constructor with its keywords
        state.cycle = self.cycle
        state.stamp_ns = self.cycle * self._period_ns
        state.accepted_generation = self.drives.accepted_generation
        state.accepted_cycle = self.drives.accepted_cycle
        state.status = self.drives.status
        state.watchdog_trips = self.drives.watchdog_trips
        state.battery = self.battery
        state.position = self._position
        state.velocity = velocity
        state.torque = torque
        return state

    def _set_brakes(self, closed: bool) -> None:
        """Closed: friction in the joints instead of torque from the motors."""
        self._brakes_closed = closed
        self.model.opt.disableactuator = 1 if closed else 0  # bit 0: actuator group 0, that is all of them
        self.model.body_gravcomp[:] = 0.0 if closed else self._gravcomp
        self.axes.set_brakes(self.model, closed)

    def _place(self, scenario: Scenario) -> None:
        for item in scenario.placements:
            body = mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_BODY, item.name)
            if body < 0 or self.model.body_jntnum[body] != 1:
                raise InputError(
                    f"{self.description.path}: simulation.goal.{item.name}: the world has no free body of that name;"
                    " name one, or add it to the world"
                )
            address = self.model.jnt_qposadr[self.model.body_jntadr[body]]
            half = item.yaw_rad / 2.0
            self.data.qpos[address : address + 2] = item.x, item.y
            self.data.qpos[address + 3 : address + 7] = np.cos(half), 0.0, 0.0, np.sin(half)
            self.model.body_mass[body] *= item.mass_scale
            self.model.body_inertia[body] *= item.mass_scale
            first = self.model.body_geomadr[body]
            self.model.geom_friction[first : first + self.model.body_geomnum[body], 0] *= item.friction_scale
        positions = self.data.qpos.copy()
        mujoco.mj_setConst(self.model, self.data)  # constants that follow from the masses
        self.data.qpos[:] = positions


def _blank_state(axes: int) -> DriveState:
    """What does not change from cycle to cycle."""
    from rt_control._native import DriveState

    return DriveState(axes=axes, dilation=1.0)


def _mocap_index(model: mujoco.MjModel) -> int:
    """Index of the person among the bodies moved by hand; -1 if the world has none."""
    body = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, "person")
    return -1 if body < 0 else int(model.body_mocapid[body])

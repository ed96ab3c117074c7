"""A small robot and a rig that stands in for its drives, so that a test reads as cycles."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from rt_control import _native as rt

ARM_AXES = 7
AXES = 8


def small_model(**changes: Any) -> rt.RobotModel:
    """Seven revolute axes in a chain and a gripper, all so light that drives which follow need no torque."""
    model = rt.RobotModel(
        axes=AXES,
        arm_axes=ARM_AXES,
        simulated=1,
        lower=[-2.0] * ARM_AXES + [0.0],
        upper=[2.0] * ARM_AXES + [0.04],
        velocity=[2.0] * ARM_AXES + [0.1],
        acceleration=[10.0] * ARM_AXES + [2.0],
        jerk=[1000.0] * AXES,
        torque=[80.0] * AXES,
        position_parent=[[0.0, 0.0, 0.2]] * ARM_AXES,
        tcp_position=[0.0, 0.0, 0.1],
        mass=[1e-6] * AXES,
        inertia=[[1e-9, 1e-9, 1e-9, 0.0, 0.0, 0.0]] * AXES,
        contact_gain_radps=200.0,
        full_speed_mps=100.0,  # no axis is kept from its own limit
    )
    model.names = [f"joint{number}" for number in range(1, ARM_AXES + 1)] + ["gripper"]
    model.kinds = [rt.AxisKind.revolute] * ARM_AXES + [rt.AxisKind.prismatic]
    for axis in range(ARM_AXES):
        model.axis_vector[axis] = [0.0, 0.0, 1.0] if axis % 2 == 0 else [0.0, 1.0, 0.0]
    for name, value in changes.items():
        setattr(model, name, value)
    if not model.simulated and not model.constraint_slots:  # somebody has to measure how near people are
        model.constraint_slots = [rt.ConstraintSlot(source=rt.Source.perception, lease_cycles=200)]
    assert model.fault() == ""
    return model


def capsule(link: int, begin: list[float], end: list[float], radius: float) -> rt.Capsule:
    """One without a name."""
    return rt.Capsule(link=link, begin=begin, end=end, radius=radius)


def add_shapes(model: rt.RobotModel) -> rt.RobotModel:
    """Make the small robot a string of capsules over a table and in a room, that can fold onto itself."""
    model.capsules = [
        capsule(-1, [0.0, 0.0, 0.0], [0.0, 0.0, 0.1], 0.05),
        *(capsule(link, [0.0, 0.0, 0.0], [0.0, 0.0, 0.15], 0.04) for link in range(ARM_AXES)),
    ]
    apart = [(first, second) for second in range(8) for first in range(second) if second > first + 2]
    model.pairs = [rt.CapsulePair(first=first, second=second) for first, second in apart]
    table = rt.Zone(kind=rt.ZoneKind.keep_out, lower=[-3.0, -3.0, -1.0], upper=[3.0, 3.0, -0.05])
    room = rt.Zone(kind=rt.ZoneKind.keep_in, lower=[-0.8, -0.9, -0.5], upper=[1.0, 0.9, 1.7])
    model.zones = [table, room]
    assert model.fault() == ""
    return model


class Rig:
    """Steps a controller with drives that follow exactly and an agent that is alive."""

    def __init__(self, model: rt.RobotModel | None = None, **start: Any) -> None:
        self.model = small_model() if model is None else model
        self.controller = rt.Controller(self.model, **start)
        self.now_ns = 1_000_000_000
        self.position = np.zeros(AXES)
        self.velocity = np.zeros(AXES)
        self.torque = np.zeros(AXES)
        self.status = 0
        self.plant_cycle = 0
        self.plant_alive = True
        self.plant_follows = True
        self.plant_accepts = True
        self.accepted_cycle = 0
        self.agent_alive = True
        self.agent_count = 0
        self.realtime = 0
        self.command_id = 0
        self.state = rt.State()
        self.drive_command = rt.DriveCommand()
        self.events: list[rt.Event] = []
        self.finished = False

    def fork(self) -> Rig:
        """The same moment once more, to go on in another way."""
        twin = copy.copy(self)
        twin.controller = self.controller.copy()
        twin.events = list(self.events)
        return twin

    def step(self, *requests: rt.Request, commands: tuple[rt.Command, ...] = (), **inputs: Any) -> rt.State:
        """One cycle, one period after the last one."""
        self.now_ns += inputs.pop("elapsed_ns", self.model.period_ns)
        given = rt.Inputs()
        given.now_ns = self.now_ns
        given.realtime = self.realtime
        given.requests = list(requests)
        given.commands = list(commands)
        if self.plant_alive:
            self.plant_cycle += 1
            if self.plant_accepts:
                self.accepted_cycle = self.drive_command.cycle
            given.drive_state = rt.DriveState(
                cycle=self.plant_cycle,
                axes=self.model.axes,
                status=self.status,
                accepted_generation=self.drive_command.generation,
                accepted_cycle=self.accepted_cycle,
                position=self.position,
                velocity=self.velocity,
                torque=self.torque,
            )
        if self.agent_alive:
            self.agent_count += 1
            given.agent_heartbeat = rt.Heartbeat(
                source=rt.Source.agent, pid=1, count=self.agent_count, stamp_ns=self.now_ns
            )
        for name, value in inputs.items():
            setattr(given, name, value)
        outputs = self.controller.step(given)
        self.state, self.drive_command, self.finished = outputs.state, outputs.drive_command, outputs.finished
        self.events += outputs.events
        self._drive()
        return self.state

    def _drive(self) -> None:
        command = self.drive_command
        if command.clear_fault:
            self.status &= ~int(rt.DriveStatus.watchdog_tripped | rt.DriveStatus.fault)
        if command.enable:
            self.status |= rt.DriveStatus.enabled
            if self.plant_follows:
                self.position = command.position[:AXES].copy()
                self.velocity = command.velocity[:AXES].copy()
        else:
            self.status &= ~int(rt.DriveStatus.enabled)
            self.velocity = np.zeros(AXES)

    def steps(self, count: int) -> rt.State:
        for _ in range(count):
            self.step()
        return self.state

    def until(self, holds: Callable[[rt.State], bool], most: int = 5000) -> rt.State:
        """Step until it holds; fails if it does not within `most` cycles of virtual time."""
        for _ in range(most):
            if holds(self.step()):
                return self.state
        raise AssertionError(f"did not happen within {most} cycles; {self.state!r}")

    def ready(self, epoch: int = 1) -> Rig:
        """Enabled, with the policy in authority."""
        self.steps(3)
        self.step(grant(rt.Source.policy, epoch))
        assert self.state.authority == rt.Source.policy
        return self

    def moving(self, epoch: int = 1) -> Rig:
        """Ready, and in the middle of a fast motion of all arm axes."""
        self.ready(epoch)
        self.step(commands=(self.sweep(),))
        self.steps(150)
        assert np.abs(self.state.velocity_reference[:ARM_AXES]).min() > 0.5
        return self

    def chunk(self, position: npt.ArrayLike, spacing_s: float = 0.02, **fields: Any) -> rt.Command:
        """A chunk of the policy that begins with the next cycle and lasts to its last setpoint."""
        setpoints = np.atleast_2d(np.asarray(position, dtype=float))
        self.command_id += 1
        spacing_ns = round(spacing_s * 1e9)
        begin_ns = self.now_ns + self.model.period_ns
        defaults: dict[str, Any] = {
            "epoch": self.state.epoch,
            "command_id": self.command_id,
            "source": rt.Source.policy,
            "kind": rt.CommandKind.chunk,
            "axes": self.model.axes,
            "observation_ns": self.now_ns,
            "start_ns": self.state.trajectory_ns + self.model.period_ns,
            "spacing_ns": spacing_ns,
            "end_ns": begin_ns + (len(setpoints) - 1) * spacing_ns,
            "count": len(setpoints),
            "position": setpoints,
        }
        return rt.Command(**(defaults | fields))

    def sweep(self, distance: float = 0.8, **fields: Any) -> rt.Command:
        """A feasible motion of all arm axes by 0.7 times `distance`, with the least jerk, in 0.58 s of its 0.62 s."""
        along = np.minimum(np.arange(32) / 29, 1.0)
        share = along**3 * (10 - 15 * along + 6 * along**2)
        setpoints = np.tile(self.state.position_reference[:AXES], (32, 1))
        setpoints[:, :ARM_AXES] += 0.7 * distance * share[:, None]
        return self.chunk(setpoints, **fields)

    def stream(self, position: npt.ArrayLike, **fields: Any) -> rt.Command:
        """One setpoint with a lease."""
        return self.chunk(position, kind=rt.CommandKind.stream, **fields)

    def faults_raised(self) -> list[rt.Fault]:
        return [rt.Fault(event.code) for event in self.events if event.kind == rt.EventKind.stop_raised]


def request(kind: rt.RequestKind, origin: rt.Source = rt.Source.operator_, **fields: Any) -> rt.Request:
    return rt.Request(kind=kind, origin=origin, **fields)


def grant(source: rt.Source, epoch: int) -> rt.Request:
    return request(rt.RequestKind.grant_authority, rt.Source.agent, source=source, epoch=epoch)

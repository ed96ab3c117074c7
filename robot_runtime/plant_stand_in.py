"""Stands in for a robot where only `rt_control` is measured: drives that follow, and an agent that jogs a little."""

from __future__ import annotations

import os
import threading
import time

import numpy as np

from rt_control import _native as native
from rt_control.channels import RunDirectory
from rt_control.scheduling import Metronome

PERIOD_NS = 1_000_000
AGENT_EVERY = 10  # cycles
SWING_RAD = 0.02
SWING_S = 4.0
END_LIMIT_S = 5.0


class PlantStandIn:
    """A thread that answers every command; as a context manager it ends by itself.

    Args:
        run: whose `drive.*`, `heartbeat.agent`, `requests.agent` and `command.jog` it serves.
        model: of the robot; it begins in the middle of its limits.
        cpu: that it shares with `rt_control`, as a simulated plant does; None: any.
    """

    def __init__(self, run: RunDirectory, model: native.RobotModel, cpu: int | None) -> None:
        self._axes = model.axes
        self._home = (model.lower + model.upper)[: self._axes] / 2
        self._position = self._home.copy()
        self._commands = native.DriveCommandReader(run.path("drive.command"))
        self._states = native.StateReader(run.path("state"))
        self._drives = native.DriveStateWriter(run.path("drive.state"))
        self._heartbeat = native.HeartbeatWriter(run.path("heartbeat.agent"))
        self._requests = native.RequestQueue(run.path("requests.agent"))
        self._jog = native.CommandWriter(run.path("command.jog"))
        self._cpu = cpu
        self._count = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="plant stand-in", daemon=True)

    def __enter__(self) -> PlantStandIn:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(END_LIMIT_S)

    def _run(self) -> None:
        if self._cpu is not None:
            os.sched_setaffinity(0, {self._cpu})  # of this thread alone
        metronome = Metronome(PERIOD_NS)
        while not self._end.is_set():
            now_ns = metronome.wait()
            self._count += 1
            self._follow(now_ns)
            if self._count % AGENT_EVERY == 0:
                self._act(now_ns)

    def _follow(self, now_ns: int) -> None:
        command = self._commands.read()
        state = native.DriveState(cycle=self._count, axes=self._axes, stamp_ns=now_ns, dilation=1.0, battery=1.0)
        state.status = int(native.DriveStatus.torque_off)
        if command is not None:
            state.accepted_generation, state.accepted_cycle = command.generation, command.cycle
            if command.enable:
                state.status = int(native.DriveStatus.enabled)
                self._position = command.position[: self._axes].copy()
                state.velocity = command.velocity[: self._axes]
        state.position = self._position
        self._drives.write(state)

    def _act(self, now_ns: int) -> None:
        agent = native.Source.agent
        self._heartbeat.write(
            native.Heartbeat(source=agent, pid=os.getpid(), stamp_ns=now_ns, count=self._count, rate_hz=100.0)
        )
        state = self._states.read()
        if state is None or state.latched:
            return
        if state.authority != native.Source.jog:
            kind = native.RequestKind.grant_authority
            request = native.Request(kind=kind, source=native.Source.jog, epoch=state.epoch_highest + 1)
            self._requests.push(request)
            return
        command = native.Command(source=native.Source.jog, kind=native.CommandKind.stream, epoch=state.epoch)
        command.command_id, command.observation_ns, command.axes, command.count = self._count, now_ns, self._axes, 1
        phase = 2 * np.pi * time.monotonic() / SWING_S
        command.position = [self._home + SWING_RAD * np.sin(phase) * (np.arange(self._axes) < self._axes - 1)]
        self._jog.write(command)

"""Virtual drives: what real ones decide by themselves. Pure: no physics, no clock; time is counted in plant cycles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from rt_control._native import DriveCommand

# DriveStatus bits of messages.hpp.
ENABLED = 1 << 0
TORQUE_OFF = 1 << 1
WATCHDOG_TRIPPED = 1 << 2
FAULT = 1 << 3
EMERGENCY_STOP = 1 << 4

# The e-stop chain removes the torque this long after it opened (SS1-t of IEC 61800-5-2): time for a controlled ramp.
EMERGENCY_STOP_DELAY_CYCLES = 500

# A drive carries the last reference on at its velocity when a command is late, and then holds it.
EXTRAPOLATED_CYCLES = 3


@dataclass(frozen=True, slots=True)
class Reference:
    """What the drives follow; one entry per axis, rad or m."""

    position: npt.NDArray[np.float64]
    velocity: npt.NDArray[np.float64]


class VirtualDrives:
    """Takes commands of the newest `rt_control` only, and removes the torque when they stay away.

    Torque is off from the start until a first command enables. Once the watchdog tripped, a following error was too
    large, or the e-stop chain took the torque, only a command with `clear_fault` arms again.
    """

    def __init__(self, period_s: float, following_limit: npt.NDArray[np.float64], watchdog_cycles: int) -> None:
        """Make drives for `len(following_limit)` axes.

        Args:
            period_s: of one plant cycle.
            following_limit: largest distance between reference and position, rad or m; infinite to leave one out.
            watchdog_cycles: plant cycles without a fresh command after which the torque is removed, >= 1.
        """
        if watchdog_cycles < 1:
            raise ValueError(f"watchdog_cycles is {watchdog_cycles}; give at least 1")
        self.watchdog_cycles = watchdog_cycles
        self.watchdog_trips = 0
        self.accepted_generation = 0
        self.accepted_cycle = 0
        self._period_s = period_s
        self._axes = len(following_limit)
        self._following_limit = following_limit
        self._enable = False
        self._latched = 0
        self._reference: Reference | None = None
        self._cycles_without_command = 0
        self._cycles_chain_open = 0
        self._status = TORQUE_OFF

    @property
    def status(self) -> int:
        """DriveStatus bits."""
        return self._status

    def step(
        self, command: DriveCommand | None, position: npt.NDArray[np.float64], emergency_stop: bool
    ) -> Reference | None:
        """Decide one plant cycle.

        Args:
            command: the newest one in the channel; the same one again is not fresh.
            position: measured, rad or m.
            emergency_stop: the e-stop chain is open.

        Returns:
            What to follow; None: torque off, brakes closed.
        """
        self._cycles_chain_open = self._cycles_chain_open + 1 if emergency_stop else 0
        if command is not None and self._is_fresh(command):
            self._accept(command, emergency_stop)
        else:
            self._cycles_without_command += 1
            self._carry_on()
            if self._enable and not self._latched and self._cycles_without_command >= self.watchdog_cycles:
                self._latched |= WATCHDOG_TRIPPED
                self.watchdog_trips += 1
        if self._cycles_chain_open > EMERGENCY_STOP_DELAY_CYCLES:
            self._latched |= EMERGENCY_STOP
        reference = self._reference if self._enable and not self._latched else None
        if reference is not None and (np.abs(reference.position - position) > self._following_limit).any():
            self._latched |= FAULT
            reference = None
        # An e-stop that took the torque shows until it is cleared: without torque nothing may look ready.
        chain_bit = EMERGENCY_STOP if emergency_stop else 0
        self._status = self._latched | chain_bit | (TORQUE_OFF if reference is None else ENABLED)
        return reference

    def _is_fresh(self, command: DriveCommand) -> bool:
        generation, cycle = command.generation, command.cycle
        if generation < self.accepted_generation or command.axes != self._axes:
            return False
        return bool(generation > self.accepted_generation or cycle > self.accepted_cycle)

    def _carry_on(self) -> None:
        if self._reference is None:
            return
        position, velocity = self._reference.position, self._reference.velocity
        if self._cycles_without_command <= EXTRAPOLATED_CYCLES:
            self._reference = Reference(position + velocity * self._period_s, velocity)
        elif self._cycles_without_command == EXTRAPOLATED_CYCLES + 1:
            self._reference = Reference(position, np.zeros_like(velocity))

    def _accept(self, command: DriveCommand, emergency_stop: bool) -> None:
        position = command.position[: self._axes].copy()
        velocity = command.velocity[: self._axes].copy()
        self.accepted_generation = command.generation
        self.accepted_cycle = command.cycle
        self._cycles_without_command = 0
        if command.clear_fault and not emergency_stop:
            self._latched = 0
        self._enable = bool(command.enable)
        if not math.isfinite(position.dot(position) + velocity.dot(velocity)):
            self._latched |= FAULT
            return
        self._reference = Reference(position, velocity)

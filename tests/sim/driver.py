"""Stands in for rt_control in tests of the plant."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rt_control._native import DriveCommand, DriveState
from sim.plant import Plant


class Driver:
    """Sends fresh drive commands and keeps the count."""

    def __init__(self, plant: Plant, generation: int = 1) -> None:
        self.plant = plant
        self.generation = generation
        self.cycle = 0
        self.reference = np.array(plant.description.home)

    def command(
        self,
        position: npt.ArrayLike | None = None,
        velocity: npt.ArrayLike | None = None,
        enable: int = 1,
        clear_fault: int = 0,
    ) -> DriveCommand:
        self.cycle += 1
        if position is not None:
            self.reference = np.asarray(position, dtype=np.float64)
        return DriveCommand(
            cycle=self.cycle,
            generation=self.generation,
            axes=len(self.reference),
            enable=enable,
            clear_fault=clear_fault,
            position=self.reference,
            velocity=np.zeros(len(self.reference)) if velocity is None else velocity,
        )

    def hold(self, cycles: int) -> DriveState:
        """Stay at the reference."""
        for _ in range(cycles):
            state = self.plant.step(self.command())
        return state

    def move(self, target: npt.ArrayLike, duration_s: float) -> DriveState:
        """Move to a position along a minimum-jerk line."""
        start, end = self.reference, np.asarray(target, dtype=np.float64)
        cycles = round(duration_s * 1000)
        for cycle in range(1, cycles + 1):
            ratio = cycle / cycles
            blend = ratio**3 * (10.0 - 15.0 * ratio + 6.0 * ratio**2)
            rate = 30.0 * ratio**2 * (1.0 - ratio) ** 2 / duration_s
            state = self.plant.step(self.command(start + blend * (end - start), rate * (end - start)))
        return state

    def accelerate(self, velocity: npt.ArrayLike, cycles: int) -> DriveState:
        """Bring the axes to a speed within their limits and keep it."""
        wanted = np.asarray(velocity, dtype=np.float64)
        limit = np.array([axis.acceleration for axis in self.plant.description.axis]) * 0.001
        speed = np.zeros_like(wanted)
        for _ in range(cycles):
            speed = speed + np.clip(wanted - speed, -limit, limit)
            state = self.plant.step(self.command(self.reference + speed * 0.001, speed))
        return state

"""Virtual time: how much faster than real time the whole robot runs, with images and with modelled perception."""

from __future__ import annotations

import statistics
import time

from behaviours.workcell import Workcell
from robot_runtime.lockstep import Lockstep, LockstepOptions
from robot_runtime.report import Figure, Reference, figure
from rt_control.description import load_robot
from sim.plant import Plant
from trees.mission import load_mission

SECONDS = 20
PLANT_CYCLES = 10_000


def measure() -> list[Figure]:
    """Median speed over the first seconds of the demo mission, beside the plant alone in the same run."""
    description = load_robot("arm7")
    mission = load_mission("sort_table", Workcell.of(description).known_names)
    plant = Plant(description.world_path, description, 0, description.timing.drive_watchdog_cycles)
    begun = time.perf_counter()
    for _ in range(PLANT_CYCLES):
        plant.step(None)
    alone = PLANT_CYCLES * description.timing.period_s / (time.perf_counter() - begun)
    reference = Reference("the plant alone, brakes closed", alone)
    figures = []
    for oracle, name, target in ((False, "with rendered images", 2.0), (True, "with modelled perception", 10.0)):
        lockstep = Lockstep(description, mission, LockstepOptions(oracle=oracle))
        try:
            lockstep.run(1.0)
            speed = statistics.median(_second(lockstep) for _ in range(SECONDS))
        finally:
            lockstep.close()
        figures.append(figure(f"virtual time {name}", speed, "x real time", at_least=target, reference=reference))
    return figures


def _second(lockstep: Lockstep) -> float:
    """Advance by a second; how much faster than real time that went."""
    begun, begun_s = time.perf_counter(), lockstep.time_s
    lockstep.run(begun_s + 1.0)
    return (lockstep.time_s - begun_s) / (time.perf_counter() - begun)

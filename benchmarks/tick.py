"""One tick of the root tree while the mission runs, with and without the snapshot stream."""

from __future__ import annotations

import statistics
import time

from behaviours.workcell import Workcell
from robot_runtime.lockstep import Lockstep, LockstepOptions
from robot_runtime.report import Figure, Reference, figure
from rt_control.description import load_robot
from trees.mission import load_mission

DURATION_S = 30.0
MOST_MORE = 1.1  # of the tick without snapshots


def measure() -> list[Figure]:
    """Two robots in virtual time with the same seed, stepped in turn; only their agents' ticks are timed."""
    description = load_robot("arm7")
    mission = load_mission("sort_table", Workcell.of(description).known_names)
    robots = [Lockstep(description, mission, LockstepOptions(oracle=True, snapshots=value)) for value in (True, False)]
    samples: list[list[float]] = [[], []]
    for robot, times in zip(robots, samples, strict=True):
        _time_ticks(robot, times)
    while robots[0].time_s < DURATION_S:
        for robot in robots:
            robot.step()
    with_us, without_us = (statistics.median(times) for times in samples)
    mean_with_us, mean_without_us = (statistics.fmean(sorted(times)[: int(0.99 * len(times))]) for times in samples)
    reference = Reference("without snapshots", without_us)
    return [
        figure("agent tick with snapshots, p50", with_us, "us", at_most=MOST_MORE * without_us, reference=reference),
        figure(
            "agent tick with snapshots, mean of the fastest 99 %",
            mean_with_us,
            "us",
            at_most=MOST_MORE * mean_without_us,
            reference=Reference("without snapshots", mean_without_us),
        ),
    ]


def _time_ticks(robot: Lockstep, times: list[float]) -> None:
    tick = robot.agent.tick

    def timed() -> None:
        begun = time.perf_counter_ns()
        tick()
        times.append((time.perf_counter_ns() - begun) / 1e3)

    robot.agent.tick = timed  # type: ignore[method-assign]  # the one seam that lets lockstep be timed from outside

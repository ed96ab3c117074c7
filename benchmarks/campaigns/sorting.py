"""The demo mission in virtual time, one seed after the other: how often does it sort every object?"""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from behaviours.workcell import Workcell
from robot_runtime.lockstep import MISSION_LIMIT_S, Lockstep, LockstepOptions
from robot_runtime.report import Figure, figure
from robot_runtime.run_result import RunResult
from rt_control.description import load_robot
from trees.mission import load_mission

PIECES = 50
TARGET_SHARE = 0.96  # 48 of 50


class Piece(msgspec.Struct, frozen=True):
    """One seed.

    Attributes:
        seed: of the scenario.
        outcome: `SUCCESS`, or why not.
        reason: in words.
        objects_sorted: by the physics.
        objects_total: to be sorted.
        duration_s: virtual time.
        speed: virtual time over wall time.
        interventions: cycles in which `rt_control` scaled or overrode a motion.
    """

    seed: int
    outcome: str
    reason: str
    objects_sorted: int
    objects_total: int
    duration_s: float
    speed: float
    interventions: int

    def __str__(self) -> str:
        words = f": {self.reason}" if self.reason else ""
        return (
            f"seed {self.seed}: {self.outcome}{words}, {self.objects_sorted} of {self.objects_total} sorted "
            f"in {self.duration_s:.1f} s ({self.speed:.1f} x real time)"
        )


def piece(number: int) -> Piece:
    """Run one seed with the real pipeline on rendered images."""
    description = load_robot("arm7")
    mission = load_mission("sort_table", Workcell.of(description).known_names)
    lockstep = Lockstep(description, mission, LockstepOptions(seed=number))
    begun = time.perf_counter()
    try:
        lockstep.run(MISSION_LIMIT_S)
        result = lockstep.result()
    finally:
        lockstep.close()
    return piece_of(number, result, time.perf_counter() - begun)


def piece_of(seed: int, result: RunResult, took_s: float) -> Piece:
    """What a run came to.

    Args:
        seed: of the scenario.
        result: of the run.
        took_s: wall time.
    """
    return Piece(
        seed=seed,
        outcome=result.outcome,
        reason=result.reason,
        objects_sorted=result.objects_sorted,
        objects_total=result.objects_total,
        duration_s=result.duration_s,
        speed=result.duration_s / took_s,
        interventions=result.interventions,
    )


def figures(pieces: Sequence[Piece]) -> list[Figure]:
    """How many seeds succeeded."""
    successes = [item for item in pieces if item.outcome == "SUCCESS" and item.objects_sorted == item.objects_total]
    failures = "; ".join(str(item) for item in pieces if item not in successes)
    durations = sorted(item.duration_s for item in pieces)
    return [
        figure("seeds measured", len(pieces)),
        figure(
            "seeds in which every object lies in its bin",
            len(successes),
            at_least=TARGET_SHARE * len(pieces),
            note=failures,
        ),
        figure("duration of the mission, median", durations[len(durations) // 2] if durations else 0.0, "s"),
    ]

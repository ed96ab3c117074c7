"""The limits within which the scheduler decides, made from the budget of the device and the plan that fits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from perception.compute_budget import ComputeBudget
from perception.compute_plan import Plan, share
from perception.cost_estimate import CostEstimates


@dataclass(frozen=True, slots=True)
class LevelRule:
    """Limits of one level above the first.

    Attributes:
        level: 2 or 3.
        rate_hz: of looks with the same key, at most.
        deadline_ms: from the stamp of the image to the end of the look.
        ms_per_s: computing time of all its looks in a second; None: it takes none of this device.
        aside: runs beside the images, one look at a time; otherwise after the first level, one after the other.
    """

    level: int
    rate_hz: float
    deadline_ms: float
    ms_per_s: float | None
    aside: bool = False


@dataclass(frozen=True, slots=True)
class SchedulerRules:
    """Limits of all levels; `scheduler_rules` makes them from a budget.

    Attributes:
        frame_deadline_ms: from the stamp of the image to the end of the first level.
        levels: above the first.
        queue_bound: looks that may wait.
        age_limit_s: a look that waited for so long is dropped.
        starving_s: a look that waited for so long for its share lets none before it that matters less.
        ageing_per_s: what waiting adds to a priority, so that the lowest passes the highest when half its time is up.
    """

    frame_deadline_ms: float
    levels: tuple[LevelRule, ...]
    queue_bound: int = 32
    age_limit_s: float = 1.0
    starving_s: float = 0.5
    ageing_per_s: float = 20.0


def scheduler_rules(budget: ComputeBudget, plan: Plan, measured_ms: Mapping[str, float]) -> SchedulerRules:
    """The rules of a device.

    What ends with the scene (levels 1 and 2) has the scene's deadline; level 3 has its own and runs aside.

    Args:
        budget: of the device.
        plan: of this budget, see `place`.
        measured_ms: as `place` had it.

    Raises:
        InputError: the budget or the plan lacks level 2 or 3.
    """
    allowed = allowed_ms_per_s(budget, plan, measured_ms)
    rules = []
    for number, aside in ((2, False), (3, True)):
        name = f"level{number}"
        deadline_ms = budget.find(name).deadline_ms if aside else budget.scene_deadline_ms
        rules.append(LevelRule(number, plan.find(name).rate_hz, deadline_ms, allowed[number], aside))
    return SchedulerRules(budget.scene_deadline_ms, tuple(rules))


def allowed_ms_per_s(budget: ComputeBudget, plan: Plan, measured_ms: Mapping[str, float]) -> dict[int, float | None]:
    """Computing time that each of the levels 1 to 3 may take of this device in a second; None for a remote one.

    Raises:
        InputError: the budget or the plan lacks one of them.
    """
    allowed: dict[int, float | None] = {}
    for number in (1, 2, 3):
        level, placed = budget.find(f"level{number}"), plan.find(f"level{number}")
        ms_per_s = share(budget, level, measured_ms) * budget.ms_per_s * placed.rate_hz / level.rate_hz
        allowed[number] = ms_per_s if placed.where == "robot" else None
    return allowed


def first_estimates(budget: ComputeBudget, measured_ms: Mapping[str, float]) -> CostEstimates:
    """What looks are believed to take before the first one: measured, else by the file."""
    priors = {role: budget.time_ms(level, role) for level in budget.level for role in level.roles}
    for level in budget.level:
        if level.stand_in is not None:
            priors[level.stand_in] = sum(priors[role] for role in level.roles) / level.batch
    return CostEstimates({**priors, **measured_ms})

"""The compute budget of a device as figures: what each role may take, what it took, where each level runs and why."""

from __future__ import annotations

from collections.abc import Mapping

from perception.compute_budget import ComputeBudget, Level
from perception.compute_plan import is_measured, place, time_ms
from robot_runtime.report import Figure, Reference, figure
from rt_control.errors import InputError


def figures(budget: ComputeBudget, measured_ms: Mapping[str, float], source: str) -> tuple[Figure, ...]:
    """Role by role, level by level, and the plan.

    Args:
        budget: of the device.
        measured_ms: time of one look on this device, by role; empty if nothing was measured.
        source: of the measurements, for people.
    """
    rows = [row for level in budget.level for row in _level(budget, level, measured_ms, source)]
    base = " + ".join(item.name for item in budget.level if not item.may_be_remote)
    rows.append(_load(budget, "base", budget.base, base))
    rows.append(_load(budget, "burst", budget.burst, "room for levels that may run elsewhere"))
    try:
        plan = place(budget, measured_ms)
    except InputError as error:
        return (*rows, Figure(name="plan", value="refused", target="fits", holds=False, note=str(error)))
    rows += [Figure(name=f"{item.level} runs on", value=item.where, note=item.reason) for item in plan.levels]
    return (*rows, Figure(name="plan", value="fits", target="fits", holds=True))


def _level(budget: ComputeBudget, level: Level, measured_ms: Mapping[str, float], source: str) -> list[Figure]:
    rows = []
    for role in level.roles:
        name = f"{level.name}, {role}" if len(level.roles) > 1 else level.name
        rows.append(_load(budget, name, budget.load(level, role), f"at {level.rate_hz:g} Hz"))
        by_file = Reference("by the file", budget.time_ms(level, role))
        if role in measured_ms and len(level.roles) > 1:
            rows.append(
                figure(f"{level.name}, {role}, one look", measured_ms[role], "ms", reference=by_file, note=source)
            )
    if len(level.roles) > 1:
        total = sum(budget.load(level, role) for role in level.roles)
        rows.append(_load(budget, level.name, total, f"at {level.rate_hz:g} Hz"))
    known = is_measured(level, measured_ms)
    note = source if known else "by the file: not every role was measured"
    took_ms = time_ms(budget, level, measured_ms)
    by_file = Reference("by the file", time_ms(budget, level, {}))
    looks = level.stand_in if level.stand_in in measured_ms else "all roles"
    name = f"{level.name}, one look of {looks}" if len(level.roles) > 1 else f"{level.name}, one look"
    rows.append(figure(name, took_ms, "ms", at_most=level.deadline_ms, reference=by_file, judged=known, note=note))
    return rows


def _load(budget: ComputeBudget, name: str, value: float, note: str) -> Figure:
    """A load beside the device; its ratio is the share."""
    return figure(name, value, budget.load_unit, reference=Reference("the device", budget.capacity), note=note)

"""Which level of models runs where and how often; a plan that the device cannot bear is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import msgspec

from perception.compute_budget import ComputeBudget, Level
from rt_control.errors import InputError

_ROUNDING = 1e-9


class Placed(msgspec.Struct, frozen=True):
    """One level of a plan.

    Attributes:
        level: its name.
        where: `robot`, or `remote`: edge or cloud.
        rate_hz: how often it looks, at most.
        reason: why there and so often, for people.
    """

    level: str
    where: Literal["robot", "remote"]
    rate_hz: float
    reason: str = ""


class Plan(msgspec.Struct, frozen=True):
    """Every level of a budget, in its order."""

    levels: tuple[Placed, ...]

    def find(self, level: str) -> Placed:
        """What the plan says of a level.

        Raises:
            InputError: nothing.
        """
        for item in self.levels:
            if item.level == level:
                return item
        raise InputError(f"plan: level {level!r} is missing; allowed: every level of the budget, each once; add it")


def place(budget: ComputeBudget, measured_ms: Mapping[str, float]) -> Plan:
    """Put each level where it fits.

    What must run on the robot runs there at its full rate. What may be remote comes to the robot only on the word of a
    measurement, at the highest rate for which there is room.

    Args:
        budget: of the device.
        measured_ms: time of one look on this device, by role, or by the stand-in of a level.

    Raises:
        InputError: what must run on the robot does not fit, or a measurement names no role of the budget.
    """
    _refuse_strangers(budget, measured_ms)
    placed: dict[str, Placed] = {
        item.name: Placed(item.name, "remote" if item.may_be_remote else "robot", item.rate_hz) for item in budget.level
    }
    check_plan(budget, Plan(tuple(placed.values())), measured_ms)
    for level in budget.level:
        source = "measured" if is_measured(level, measured_ms) else "by the file"
        took = f"{time_ms(budget, level, measured_ms):.3g} ms {source}, deadline {level.deadline_ms:g} ms"
        reason = f"it must; {took}, {share(budget, level, measured_ms):.1%} of the device"
        if level.may_be_remote:
            reason = _try_on_robot(budget, level, placed, measured_ms)
        placed[level.name] = msgspec.structs.replace(placed[level.name], reason=reason)
    return Plan(tuple(placed.values()))


def check_plan(budget: ComputeBudget, plan: Plan, measured_ms: Mapping[str, float]) -> None:
    """Refuse a plan that the device cannot bear.

    Raises:
        InputError: the plan does not fit; one line with what, how much, what is allowed and the mend.
    """
    _refuse_strangers(budget, measured_ms)
    strangers = [item.level for item in plan.levels if item.level not in {level.name for level in budget.level}]
    if strangers or len(plan.levels) != len(budget.level):
        raise InputError(
            f"plan: levels {[item.level for item in plan.levels]}; allowed: {[item.name for item in budget.level]},"
            " each once; mend the plan"
        )
    total = movable = 0.0
    for level in budget.level:
        item = plan.find(level.name)
        least_hz = level.rate_hz if level.least_rate_hz is None else level.least_rate_hz
        if not least_hz - _ROUNDING <= item.rate_hz <= level.rate_hz + _ROUNDING:
            allowed = f"{least_hz:g} to {level.rate_hz:g}"
            raise InputError(f"plan: {level.name} at {item.rate_hz:g} Hz; allowed: {allowed} Hz; mend the rate")
        if item.where == "remote":
            if not level.may_be_remote:
                raise InputError(f"plan: {level.name} is remote; allowed: robot; the robot cannot work without it")
            continue
        took_ms = time_ms(budget, level, measured_ms)
        if took_ms >= level.deadline_ms:
            raise InputError(
                f"plan: {level.name} takes {took_ms:.3g} ms; allowed: less than {level.deadline_ms:g} ms;"
                " bind smaller models to its roles, or take a faster device"
            )
        wanted = share(budget, level, measured_ms) * item.rate_hz / level.rate_hz
        total += wanted
        movable += wanted if level.may_be_remote else 0.0
    if movable > budget.burst / budget.capacity + _ROUNDING:
        names = ", ".join(level.name for level in budget.level if level.may_be_remote)
        raise InputError(
            f"plan: {names} on the robot takes {movable:.1%} of {budget.device!r}; allowed: its burst,"
            f" {budget.burst / budget.capacity:.1%}; run it elsewhere, less often, or with smaller models"
        )
    if total > 1.0 + _ROUNDING:
        raise InputError(
            f"plan: all levels on the robot take {total:.1%} of {budget.device!r}; allowed: at most 100 %;"
            " bind smaller models to the roles, or take a faster device"
        )


def is_measured(level: Level, measured_ms: Mapping[str, float]) -> bool:
    """Whether the time of every role of a level is known by measurement."""
    return level.stand_in in measured_ms or all(role in measured_ms for role in level.roles)


def time_ms(budget: ComputeBudget, level: Level, measured_ms: Mapping[str, float]) -> float:
    """How long one look of all roles of a level takes: measured where it is, else by the file."""
    if level.stand_in is not None and level.stand_in in measured_ms:
        return measured_ms[level.stand_in] * level.batch
    return sum(measured_ms.get(role, budget.time_ms(level, role)) for role in level.roles)


def share(budget: ComputeBudget, level: Level, measured_ms: Mapping[str, float]) -> float:
    """What a level takes of the device at its full rate, 1 = all of it: measured where it is, else by the file."""
    if level.stand_in is not None and level.stand_in in measured_ms:
        return measured_ms[level.stand_in] * level.batch * level.rate_hz / budget.ms_per_s
    return sum(budget.share(level, role, measured_ms.get(role)) for role in level.roles)


def _try_on_robot(
    budget: ComputeBudget, level: Level, placed: dict[str, Placed], measured_ms: Mapping[str, float]
) -> str:
    """Bring a level that may be remote to the robot where it fits; the reason for where it ends up."""
    full = share(budget, level, measured_ms)
    if not is_measured(level, measured_ms):
        load = sum(budget.load(level, role) for role in level.roles)
        needs = f"{load:g} {budget.load_unit} of {budget.capacity:g} ({budget.burst:g} for bursts)"
        return f"not measured here; by the file it needs {needs}"
    others = [item for item in budget.level if placed[item.name].where == "robot"]
    parts = {item.name: share(budget, item, measured_ms) * placed[item.name].rate_hz / item.rate_hz for item in others}
    moved = sum(parts[item.name] for item in others if item.may_be_remote)
    room = min(1.0 - sum(parts.values()), budget.burst / budget.capacity - moved)
    rate_hz = level.rate_hz if full <= room else max(room, 0.0) / full * level.rate_hz
    candidate = Placed(level.name, "robot", rate_hz)
    try:
        check_plan(budget, Plan(tuple({**placed, level.name: candidate}.values())), measured_ms)
    except InputError as error:
        return f"does not fit on the robot: {str(error).removeprefix('plan: ').rpartition(';')[0]}"
    placed[level.name] = candidate
    took_ms = time_ms(budget, level, measured_ms)
    return (
        f"fits: {took_ms:.3g} ms measured, deadline {level.deadline_ms:g} ms,"
        f" {full * rate_hz / level.rate_hz:.1%} of the device at {rate_hz:.3g} Hz"
    )


def _refuse_strangers(budget: ComputeBudget, measured_ms: Mapping[str, float]) -> None:
    known = [name for item in budget.level for name in item.measurable]
    for name, took_ms in measured_ms.items():
        if name not in known:
            raise InputError(f"measured time of {name!r}: no such role; allowed: {', '.join(known)}; rename it")
        if not (math.isfinite(took_ms) and took_ms > 0.0):
            raise InputError(f"measured time of {name!r} = {took_ms} ms; allowed: finite, above 0; measure it again")

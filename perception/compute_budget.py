"""What a device can compute and what each level of models may take of it: one TOML file per device, read strictly."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from rt_control.errors import InputError

FOLDER = Path(__file__).parent / "budgets"
LevelName = Literal["level1", "level2", "level3", "policy", "safety_model", "planning"]
Positive = Annotated[float, msgspec.Meta(gt=0.0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0.0)]

_MS_PER_S = 1000.0
_ROUNDING = 0.05  # sums are written with one decimal
_MEND = "docs/compute-budget.md says what the file holds"


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Models that run together, one after the other.

    Attributes:
        name: of the level.
        rate_hz: how often it looks, at most.
        least_rate_hz: how seldom it may look where the device has no room for more; None: never less than `rate_hz`.
        deadline_ms: all its roles together take less.
        may_be_remote: whether the robot works without it, so that it may run elsewhere.
        roles: cost of each, in the budget's unit.
        stand_in: role of one model that answers for all of them together; its looks are measured under this name.
        batch: things that a look is at, where the stand-in is measured for one of them.
    """

    name: LevelName
    rate_hz: Positive
    deadline_ms: Positive
    roles: dict[str, Positive]
    least_rate_hz: Positive | None = None
    may_be_remote: bool = False
    stand_in: str | None = None
    batch: Annotated[int, msgspec.Meta(ge=1)] = 1

    @property
    def measurable(self) -> tuple[str, ...]:
        """Names under which its looks are measured."""
        return (*self.roles, *(() if self.stand_in is None else (self.stand_in,)))


class ComputeBudget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one device can compute, and who may take how much of it.

    Attributes:
        device: for people.
        unit: `TFLOPS`: of a role at the rate of its level, and of the device; `ms`: of a role for one look, and
            of the device in a second.
        capacity: of the device.
        base: of all levels that must run on the robot; said again in the file, so that a slip of the pen shows.
        burst: room for levels that may run elsewhere.
        scene_deadline_ms: from the stamp of an image until its scene is published.
        level: who may take how much; those that must run on the robot first.
    """

    device: str
    unit: Literal["TFLOPS", "ms"]
    capacity: Positive
    base: Positive
    burst: NotNegative
    scene_deadline_ms: Positive
    level: tuple[Level, ...]

    def find(self, name: str) -> Level:
        """The level of that name.

        Raises:
            InputError: there is none.
        """
        for item in self.level:
            if item.name == name:
                return item
        known = ", ".join(item.name for item in self.level)
        raise InputError(f"compute budget of {self.device!r}: level {name!r} is unknown; allowed: {known}")

    def load(self, level: Level, role: str) -> float:
        """What a role takes of the capacity at the full rate of its level, in the unit of the capacity."""
        return level.roles[role] * (level.rate_hz if self.unit == "ms" else 1.0)

    def share(self, level: Level, role: str, measured_ms: float | None = None) -> float:
        """What a role takes of the device at the full rate of its level, 1 = all of it.

        Args:
            level: of the role.
            role: of the level.
            measured_ms: time of one look; None: what the file says.
        """
        if measured_ms is None:
            return self.load(level, role) / self.capacity
        return measured_ms * level.rate_hz / self.ms_per_s

    def time_ms(self, level: Level, role: str) -> float:
        """How long one look takes by the file; in TFLOPS that is the time of a device that reaches all of them."""
        return self.load(level, role) / self.capacity * self.ms_per_s / level.rate_hz

    @property
    def load_unit(self) -> str:
        """Unit of the capacity and of loads."""
        return "ms/s" if self.unit == "ms" else self.unit

    @property
    def ms_per_s(self) -> float:
        """Milliseconds of computing that the device has in a second: an accelerator does one thing at a time."""
        return self.capacity if self.unit == "ms" else _MS_PER_S


def shipped_budgets() -> dict[str, Path]:
    """Budgets that come with Dynamical, by name."""
    return {file.stem: file for file in sorted(FOLDER.glob("*.toml"))}


def load_budget(name_or_path: str | Path) -> ComputeBudget:
    """Read and check a budget.

    Args:
        name_or_path: name of a shipped budget, or path of a file.

    Raises:
        InputError: it is unknown, malformed or contradicts itself; one line with the mend.
    """
    shipped = shipped_budgets()
    path = shipped.get(str(name_or_path), Path(name_or_path))
    if not path.is_file():
        known = ", ".join(shipped)
        raise InputError(
            f"compute budget {str(name_or_path)!r} is unknown; allowed: {known}, or the path of a TOML file"
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        budget = msgspec.convert(content, ComputeBudget, strict=True)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not TOML: {error}; mend it there") from None
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {error}; {_MEND}") from None
    try:
        check(budget)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return budget


def check(budget: ComputeBudget) -> None:
    """Check what no single key shows.

    Raises:
        InputError: the budget contradicts itself.
    """
    for level in budget.level:
        numbers = (level.rate_hz, level.deadline_ms, level.least_rate_hz or 1.0, *level.roles.values())
        if not all(math.isfinite(value) for value in numbers):
            raise InputError(f"{level.name} = {numbers}; allowed: finite numbers; {_MEND}")
        if not level.roles:
            raise InputError(f"{level.name}.roles is empty; allowed: at least one role; name it or leave the level out")
        if level.least_rate_hz is not None and (level.least_rate_hz > level.rate_hz or not level.may_be_remote):
            raise InputError(
                f"{level.name}.least_rate_hz = {level.least_rate_hz:g}; allowed: at most rate_hz = {level.rate_hz:g},"
                " and only with may_be_remote = true; a level that must run on the robot runs at its full rate"
            )
    numbers = (budget.capacity, budget.base, budget.burst, budget.scene_deadline_ms)
    if not all(math.isfinite(value) for value in numbers):
        raise InputError(f"capacity, base, burst, scene_deadline_ms = {numbers}; allowed: finite numbers; {_MEND}")
    _refuse_twins("level", [item.name for item in budget.level])
    stand_ins = [item.stand_in for item in budget.level if item.stand_in is not None]
    _refuse_twins("role", [role for item in budget.level for role in item.roles] + stand_ins)
    fixed = [item for item in budget.level if not item.may_be_remote]
    total = sum(budget.load(item, role) for item in fixed for role in item.roles)
    if abs(total - budget.base) > _ROUNDING:
        names = " + ".join(item.name for item in fixed)
        raise InputError(f"base = {budget.base:g}; allowed: {total:g}, the sum of {names}; mend the sum or the roles")
    if budget.base + budget.burst > budget.capacity + _ROUNDING:
        raise InputError(
            f"base + burst = {budget.base + budget.burst:g}; allowed: at most capacity = {budget.capacity:g};"
            f" lower burst to {budget.capacity - budget.base:g} or the costs of the roles"
        )


def _refuse_twins(kind: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{kind} {name!r} is there {names.count(name)} times; allowed: once; rename one of them")

"""What computing cost: measured where it runs, modelled where time is virtual."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol


class CostMeter(Protocol):
    """Tells what a piece of work took."""

    def begin(self) -> float:
        """A mark, to be given to `took_ms`."""

    def took_ms(self, role: str, count: int, begun: float) -> float:
        """Cost of what was done since the mark: `count` looks of a role."""


class MeasuredCost:
    """Of the machine's own clock."""

    def begin(self) -> float:
        return time.perf_counter()

    def took_ms(self, role: str, count: int, begun: float) -> float:
        return (time.perf_counter() - begun) * 1e3


class ModelledCost:
    """The same for each look of a role, so that a run in virtual time is the same each time."""

    def __init__(self, ms_of_role: Mapping[str, float]) -> None:
        self._ms_of_role = dict(ms_of_role)

    def begin(self) -> float:
        return 0.0

    def took_ms(self, role: str, count: int, begun: float) -> float:
        return self._ms_of_role[role] * count

"""How a run of the robot ended."""

from __future__ import annotations

from typing import Literal

import msgspec


class RunResult(msgspec.Struct, frozen=True):
    """What one run did, as the physics and the runtime counted it.

    Attributes:
        outcome: `SUCCESS`, or why not, e.g. `mission_failed`, `stopped_by_safety`, `duration_reached`, `plant_lost`.
        objects_sorted: objects that lie in their bin at the end.
        objects_total: objects that have one.
        modes_entered: names of the tree's mode branches, each at its first entry, in order.
        interventions: cycles in which `rt_control` scaled or overrode a motion.
        deadline_misses: commands that reached the drives more than one period after they were due.
        cycles: of `rt_control`.
        duration_s: of the run, on its own clock.
        realtime: `fifo`; `degraded` where the 1 kHz loop ran without real-time priority; `virtual` in virtual time.
        time_dilation: wall time / time of the run; 1 where the simulation kept up.
        reason: one sentence for people; empty after a success.
        skipped_cycles: of `rt_control`; never replayed.
        drive_watchdog_cycles: plant cycles without a command after which the virtual drives cut the torque.
        events: what happened to processes, in order; empty in virtual time.
        perception: where the scenes came from: `cascade`, or `oracle` (modelled, campaigns only).
    """

    outcome: str
    objects_sorted: int
    objects_total: int
    modes_entered: tuple[str, ...]
    interventions: int
    deadline_misses: int
    cycles: int
    duration_s: float
    realtime: Literal["fifo", "degraded", "virtual"]
    time_dilation: float
    reason: str = ""
    skipped_cycles: int = 0
    drive_watchdog_cycles: int = 0
    events: tuple[str, ...] = ()
    perception: str = "cascade"

    def holds(self) -> bool:
        """Whether the mission succeeded and the physics agrees."""
        return self.outcome == "SUCCESS" and self.objects_sorted == self.objects_total

"""The robot as leaves see it: what they need of tier 1's state, in plain Python."""

from __future__ import annotations

import msgspec

from perception.scene import Vector3


class StopCause(msgspec.Struct, frozen=True):
    """Why tier 1 stopped.

    Attributes:
        fault: name of the fault, as in docs/faults.md (`operator_stop`, `agent_lost` ...); `none` if there was no stop.
        stop: `none`, `ss2`, `ss1` or `sto`.
        axis: index of the axis concerned; -1 = none.
        source: process concerned; `none` if none.
        cycle: of `rt_control`.
        value: what was seen, in the fault's own unit.
        limit: what was allowed, in the same unit.
    """

    fault: str = "none"
    stop: str = "none"
    axis: int = -1
    source: str = "none"
    cycle: int = 0
    value: float = 0.0
    limit: float = 0.0

    def sentence(self) -> str:
        """The cause in one line for people."""
        where = f" of axis {self.axis}" if self.axis >= 0 else ""
        who = f" ({self.source})" if self.source != "none" else ""
        seen = f", saw {self.value:.4g}, allowed {self.limit:.4g}" if self.value or self.limit else ""
        return f"{self.fault}{where}{who}: {self.stop}{seen}, cycle {self.cycle}"


class RobotState(msgspec.Struct, frozen=True):
    """Tier 1's newest state.

    Attributes:
        cycle: of `rt_control`.
        stamp_ns: when the drives were read.
        generation: of this `rt_control`; rises with each start.
        execution: `idle`, `active`, `holding`, `stopping`, `stopped` or `fault`.
        stop: stop in force now: `none`, `ss2`, `ss1` or `sto`.
        latched: only an operator's reset ends the stop.
        first_cause: of the latched stop.
        last_cause: of the last stop of any kind.
        authority: source whose commands move the robot; `none` if nobody's.
        skill: number of the skill that tier 1 was told of; 0 = none.
        epoch: of the authority.
        epoch_highest: a grant must exceed it.
        position: measured, one per axis, rad or m.
        position_reference: what the drives were told, one per axis.
        tcp_position_base: m.
        tcp_speed_mps: speed of the tool centre point.
        speed_scale: in force, 0..1.
        margin_scale: in force, at least 1.
        person_distance_m: in force.
        battery: 0..1.
        interventions: cycles in which a motion was scaled or overridden, since start.
        refused: commands refused since start.
        refusal: why the last one was refused; `none` if none was.
        deadline_misses: since start.
        realtime: `fifo` or `degraded`.
    """

    cycle: int
    stamp_ns: int
    generation: int
    execution: str
    stop: str
    latched: bool
    first_cause: StopCause
    last_cause: StopCause
    authority: str
    skill: int
    epoch: int
    epoch_highest: int
    position: tuple[float, ...]
    position_reference: tuple[float, ...]
    tcp_position_base: Vector3
    tcp_speed_mps: float
    speed_scale: float
    margin_scale: float
    person_distance_m: float
    battery: float
    interventions: int = 0
    refused: int = 0
    refusal: str = "none"
    deadline_misses: int = 0
    realtime: str = "fifo"

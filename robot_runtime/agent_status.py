"""How the robot stands as a whole: part of the API's answers and of the snapshot stream."""

from __future__ import annotations

from typing import Literal

import msgspec

OutcomeKind = Literal["SUCCESS", "FAILURE", "stopped_by_safety", "cancelled"]


class RunOutcome(msgspec.Struct, frozen=True):
    """How a mission ended, or why it cannot go on without an operator.

    Attributes:
        kind: `SUCCESS`; `FAILURE`; `stopped_by_safety` (a stop is latched: only an operator's reset and resume go on);
            `cancelled`.
        reason: the leaf that failed and why, or the fault that latched; empty for SUCCESS.
    """

    kind: OutcomeKind
    reason: str = ""

    def sentence(self) -> str:
        """The outcome in one line."""
        return f"{self.kind}: {self.reason}" if self.reason else self.kind


class Rates(msgspec.Struct, frozen=True):
    """How fast the parts of the robot work, measured.

    Attributes:
        tree_hz: ticks of the tree.
        perception_hz, policy_hz, fallback_hz: loops of the workers; 0 = not heard of.
        missed: deadlines missed by the workers since their start.
    """

    tree_hz: float = 0.0
    perception_hz: float = 0.0
    policy_hz: float = 0.0
    fallback_hz: float = 0.0
    missed: int = 0


class AgentStatus(msgspec.Struct, frozen=True):
    """The robot as a whole.

    Attributes:
        robot: its name.
        ready: everything needed has been seen to work once since the start.
        branch: of `Act` that holds: `SafetyStop`, `HumanTakeover`, `Paused` or `Operate`.
        compute: branch of `Compute` that held last; empty before the first.
        connectivity: branch of `Connectivity` that held last; empty before the first.
        mission: name of the mission; empty if there is none.
        step: where it is, outermost first, e.g. `SortTable > SortObject red_cube left_bin > Pick red_cube`.
        reason: why the branch holds or the mission waits; empty when it simply works.
        outcome: None while a mission runs, or when there was none.
        asks: what the robot asks of its operator; empty = nothing.
        skill: phase of the running skill; empty if none runs.
        rates: measured.
        caution: why the robot is more careful than its mode asks; empty when it is not.
    """

    robot: str
    ready: bool = False
    branch: str = ""
    compute: str = ""
    connectivity: str = ""
    mission: str = ""
    step: str = ""
    reason: str = ""
    outcome: RunOutcome | None = None
    asks: str = ""
    skill: str = ""
    rates: Rates = Rates()
    caution: str = ""

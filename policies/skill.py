"""What the agent asks a policy worker to do, and what it hears back.

The agent states what it wants (an assignment) again and again; a worker converges to it and reports. A lost message,
or a worker that was started anew, therefore needs no special case.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class MoveTo(msgspec.Struct, frozen=True, tag="move_to"):
    """Move the arm to a named pose of the workcell."""

    pose: str


class Pick(msgspec.Struct, frozen=True, tag="pick"):
    """Grasp the named object where perception sees it and lift it."""

    object_name: str


class Place(msgspec.Struct, frozen=True, tag="place"):
    """Put what is held into the named bin of the workcell."""

    bin_name: str


Goal = MoveTo | Pick | Place
Outcome = Literal["running", "succeeded", "failed"]


class Assignment(msgspec.Struct, frozen=True):
    """One execution of one skill.

    Attributes:
        skill: number of this execution, > 0, never used twice; travels in every command to `rt_control`.
        epoch: authority epoch under which its commands are admitted.
        goal: what to do.
        speed_scale: 0..1 of the axis limits that the policy may plan with.
        high_value: perception is to watch the scene as a whole (level 3) while it runs.
    """

    skill: int
    epoch: int
    goal: Goal
    speed_scale: float = 1.0
    high_value: bool = False


class SkillReport(msgspec.Struct, frozen=True):
    """How one execution stands.

    Attributes:
        skill: the assignment's number.
        outcome: `running`, `succeeded` or `failed`.
        phase: what it is doing, for people (`approach`, `descend`, `grasp` ...).
        reason: why it failed; empty otherwise.
        stamp_ns: when this was true.
        clearance_m: what is left on the way to the nearest thing, where the way was planned around things.
        nearest: what that is, or what is waited for.
    """

    skill: int
    outcome: Outcome
    phase: str
    reason: str
    stamp_ns: int
    clearance_m: float | None = None
    nearest: str = ""

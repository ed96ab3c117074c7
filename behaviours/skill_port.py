"""How a leaf starts a skill and watches it, without knowing who executes it."""

from __future__ import annotations

from typing import Protocol

import msgspec

from policies.skill import Goal, Outcome


class SkillProgress(msgspec.Struct, frozen=True):
    """How one started skill stands.

    Attributes:
        outcome: `running`, `succeeded` or `failed`.
        phase: what it is doing, for people.
        reason: why it failed; empty otherwise.
    """

    outcome: Outcome
    phase: str = ""
    reason: str = ""


class SkillPort(Protocol):
    """Executes one skill at a time. No method blocks."""

    def start(self, goal: Goal, *, timeout_s: float, speed_scale: float, high_value: bool) -> int:
        """Begin a skill as soon as the one before it has ended; returns its ticket.

        Args:
            goal: what to do.
            timeout_s: it fails when it takes longer.
            speed_scale: 0..1 of the axis limits that it may use.
            high_value: perception is to watch the scene as a whole while it runs.
        """
        ...

    def progress(self, ticket: int) -> SkillProgress:
        """How the skill stands; a ticket that is not the newest has failed."""
        ...

    def cancel(self, ticket: int) -> bool:
        """End it cleanly, if it has not ended; whether it had already succeeded by then."""
        ...

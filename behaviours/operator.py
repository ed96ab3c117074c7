"""What the operator wants of the whole robot."""

from __future__ import annotations

import msgspec


class OperatorState(msgspec.Struct, frozen=True):
    """The operator's standing wishes.

    Attributes:
        paused: skills hold until the operator resumes.
        pause_reason: who or what paused; empty when not paused.
        holder: who has taken the robot over; empty when nobody has.
    """

    paused: bool = False
    pause_reason: str = ""
    holder: str = ""

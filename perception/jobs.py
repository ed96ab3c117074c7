"""Looks that perception wants, and what becomes of them."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from perception.reasons import Reason

Key = tuple[str, int]
NO_TRACK = -1


class Why(enum.Enum):
    """Why a look is deferred, or dropped."""

    NO_TIME = "would end after its deadline"
    NO_SHARE = "its level has used up its share of the device"
    RATE = "too soon after the last look of its kind"
    BUSY = "the last look of its level is not done"
    FRAME_LATE = "the first level would be late: the next image is newer"
    TOO_OLD = "waited for too long"
    QUEUE_FULL = "too many wait, and these matter more"
    GONE = "its object is gone, or out of view"
    SHUT = "its level may not look now"


@dataclass(frozen=True, slots=True)
class Job:
    """One look that is wanted.

    Attributes:
        level: 1, 2 or 3.
        role: what is to be computed.
        track: of which object; NO_TRACK for the whole image.
        reasons: why.
        priority: 0 to 10, the highest first.
        since_ns: when it was wanted first; the scheduler writes it.
    """

    level: int
    role: str
    track: int
    reasons: Reason
    priority: float
    since_ns: int | None = None

    @property
    def key(self) -> Key:
        """Two jobs with the same key want the same look."""
        return (self.role, self.track)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A look to be taken now, in the order of the decision."""

    job: Job
    estimate_ms: float
    deadline_ns: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of each wanted look: it is in exactly one of the three."""

    run: tuple[Admitted, ...] = ()
    deferred: tuple[tuple[Job, Why], ...] = ()
    dropped: tuple[tuple[Job, Why], ...] = ()

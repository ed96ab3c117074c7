"""Why perception looks, as flags: what the triggers say, as the scheduler carries it and the ledger counts it."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from perception.triggers import Reason, SceneReason


class ReasonFlag(enum.IntFlag):
    """Reasons of one look; several may hold. Their order is that of the columns of the ledger's summary.

    LEVEL1 is that of the first level, which looks at each image; the others are those of `perception.triggers`.
    """

    LEVEL1 = enum.auto()
    LOW_CONFIDENCE = enum.auto()
    NEW_OBJECT = enum.auto()
    FAST = enum.auto()
    IN_WORKSPACE = enum.auto()
    SHADOW = enum.auto()
    PERSON_NEARBY = enum.auto()
    OCCLUSION = enum.auto()
    HIGH_VALUE = enum.auto()
    NOVEL = enum.auto()
    PERIODIC = enum.auto()


REASONS: tuple[ReasonFlag, ...] = tuple(ReasonFlag)

_FLAG: dict[Reason | SceneReason, ReasonFlag] = {
    Reason.SHADOW: ReasonFlag.SHADOW,
    Reason.WORKSPACE: ReasonFlag.IN_WORKSPACE,
    Reason.FAST: ReasonFlag.FAST,
    Reason.NEW: ReasonFlag.NEW_OBJECT,
    Reason.UNSURE: ReasonFlag.LOW_CONFIDENCE,
    SceneReason.PERSON: ReasonFlag.PERSON_NEARBY,
    SceneReason.NOVEL: ReasonFlag.NOVEL,
    SceneReason.OCCLUSION: ReasonFlag.OCCLUSION,
    SceneReason.HIGH_VALUE: ReasonFlag.HIGH_VALUE,
    SceneReason.OVERDUE: ReasonFlag.PERIODIC,
}


def flags(reasons: Iterable[Reason | SceneReason]) -> ReasonFlag:
    """What the triggers say, as flags."""
    found = ReasonFlag(0)
    for reason in reasons:
        found |= _FLAG[reason]
    return found

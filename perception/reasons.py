"""Why perception looks closer: the flags that triggers set, the scheduler carries and the ledger counts."""

from __future__ import annotations

import enum


class Reason(enum.IntFlag):
    """Reasons of one look; several may hold. Their order is that of the columns of the ledger's summary."""

    LEVEL1 = enum.auto()
    """Always: the first level looks at each image."""
    LOW_CONFIDENCE = enum.auto()
    NEW_OBJECT = enum.auto()
    FAST = enum.auto()
    IN_WORKSPACE = enum.auto()
    """Near the running skill's target or swept path."""
    SHADOW = enum.auto()
    PERSON_NEARBY = enum.auto()
    OCCLUSION = enum.auto()
    HIGH_VALUE = enum.auto()
    """The task is worth a closer look."""
    NOVEL = enum.auto()
    """Unlike what was seen before."""
    PERIODIC = enum.auto()
    """Too long since the last look."""


REASONS: tuple[Reason, ...] = tuple(Reason)

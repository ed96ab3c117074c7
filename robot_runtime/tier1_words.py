"""Tier 1's names and causes in words, as `rt status` and `rt blackbox` say them."""

from __future__ import annotations

from enum import IntEnum, IntFlag

STAGES = {
    "wake_up": "its thread was woken late",
    "read": "it was held up while it read the channels",
    "decide": "it was held up while it decided",
    "write_drives": "it was held up while it told the drives",
    "write_state": "it was held up while it published the state",
}


def word(value: object) -> str:
    """The name of an enum's value, without underscores."""
    return str(getattr(value, "name", value)).rstrip("_").replace("_", " ")


def named(kind: type[IntEnum], value: int) -> str:
    """The same for a number that may be none of the enum's."""
    try:
        return word(kind(value))
    except ValueError:
        return f"unknown ({value})"


def flags(value: int, kind: type[IntFlag]) -> str:
    """The names of the bits that are set."""
    return ", ".join(word(flag) for flag in kind if flag & value) or "none"


def stage(name: str, skipped_ns: int) -> str:
    """Why a cycle was late.

    Args:
        name: of the stage that took longest.
        skipped_ns: time of the cycles that did not take place.
    """
    why = STAGES.get(name, "for an unknown reason")
    return f"{skipped_ns * 1e-6:.4g} ms: {why}" if skipped_ns > 0 else why

"""When a track is believed, hidden, lost, and gone: a function of what was seen and for how long it was not."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum


class TrackState(StrEnum):
    """How much a track is believed."""

    TENTATIVE = "tentative"  # seen too few times to be acted on
    CONFIRMED = "confirmed"
    OCCLUDED = "occluded"  # not seen, and something is in front of its place: believed to be there
    LOST = "lost"  # not seen, and nothing explains why: comes back by its looks only


class Place(StrEnum):
    """What the image shows where a thing that was not found should be."""

    HIDDEN = "hidden"  # something nearer
    EMPTY = "empty"  # what is behind it
    UNKNOWN = "unknown"  # not in view, or no depth


@dataclass(frozen=True, slots=True)
class LifeConfig:
    """Limits of a track's life.

    Attributes:
        confirm_hits: images it must be seen in.
        tentative_misses: a tentative one is dropped after so many images in a row without it.
        empty_frames: images with its place seen empty, after which it is gone.
        lost_after_s: without a sight, and without a reason for it.
        keep_s: the longest without a sight.
        person_keep_s: the same for a person, who walks away: shorter than `lost_after_s`.
    """

    confirm_hits: int = 3
    tentative_misses: int = 2
    empty_frames: int = 3
    lost_after_s: float = 1.0
    keep_s: float = 120.0
    person_keep_s: float = 0.5

    def __post_init__(self) -> None:
        for item in fields(self):
            if not getattr(self, item.name) > 0:
                raise ValueError(f"{item.name} is {getattr(self, item.name)}; it must exceed 0")
        if not self.person_keep_s <= self.lost_after_s <= self.keep_s:
            raise ValueError(
                f"person_keep_s, lost_after_s, keep_s are {self.person_keep_s}, {self.lost_after_s}, {self.keep_s}; "
                "they must rise in this order"
            )


def after_sight(state: TrackState, hits: int, config: LifeConfig) -> TrackState:
    """The state of a track that was seen just now for the `hits`-th time."""
    known = state is not TrackState.TENTATIVE or hits >= config.confirm_hits
    return TrackState.CONFIRMED if known else TrackState.TENTATIVE


def after_miss(
    state: TrackState, *, person: bool, missed: int, empty: int, unseen_s: float, place: Place, config: LifeConfig
) -> TrackState | None:
    """The state of a track that was not seen; None: it is gone.

    Args:
        state: before.
        person: it is one: never believed to be hidden, and gone at once where its place is seen empty.
        missed: images in a row without it, this one included.
        empty: images with its place seen empty since it was last seen or hidden, this one included.
        unseen_s: since it was last seen.
        place: what this image shows there.
        config: the limits.
    """
    if person and (place is Place.EMPTY or unseen_s > config.person_keep_s):
        return None
    if state is TrackState.TENTATIVE and missed >= config.tentative_misses:
        return None
    if empty >= config.empty_frames or unseen_s > config.keep_s:
        return None
    if person or state is not TrackState.CONFIRMED:
        return state
    if place is Place.HIDDEN:
        return TrackState.OCCLUDED
    return TrackState.LOST if place is Place.UNKNOWN and unseen_s > config.lost_after_s else state

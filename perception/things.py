"""Names and places of the things that tracks stand for, as the scene tells them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from perception.object_geometry import Placed
from perception.scene import SceneObject, Vector3
from perception.track_life import TrackState
from perception.tracks import PERSON, Track

STILL_M = 0.006  # a track that has moved less has not moved: its place is no better known
LEVEL_M = 0.015  # and what seems to have moved up or down by more is another part of it: something hides the rest
COVERED = 0.15  # share of a thing: beyond it the middle of what is seen moves while the thing lies still
WORSE = 0.15  # in certainty, before a measurement counts as worse than an earlier one


@dataclass(slots=True)
class _Thing:
    colour: str
    placed: Placed
    followed_base: Vector3 | None
    measured_ns: int
    close: bool


class Things:
    """What was measured of each track last."""

    def __init__(self) -> None:
        self._things: dict[int, _Thing] = {}

    def knows(self, track_id: int) -> bool:
        """Whether it has been measured."""
        return track_id in self._things

    def measured(self, track: Track, colour: str, placed: Placed, stamp_ns: int, close: bool) -> None:
        """Take a measurement.

        Args:
            track: of the thing, at this image.
            colour: its name.
            placed: where it lies.
            stamp_ns: of the image.
            close: by level 2. A rough one does not replace it while the thing lies still (see `release`).
        """
        known = self._things.get(track.id)
        if known is None:
            self._things[track.id] = _Thing(colour, placed, track.position_base, stamp_ns, close)
            return
        if close or not known.close:
            worse = known.close == close and placed.certainty < known.placed.certainty - WORSE
            if not worse:
                known.placed, known.close, known.followed_base = placed, close, track.position_base
                known.colour = colour or known.colour
            known.measured_ns = stamp_ns

    def placed(self, track_id: int) -> Placed | None:
        """Where it was measured last; None if it never was."""
        known = self._things.get(track_id)
        return None if known is None else known.placed

    def release(self, track_id: int) -> None:
        """What was measured closely holds no more, as the thing moved: the next measurement replaces it."""
        known = self._things.get(track_id)
        if known is not None:
            known.close = False

    def keep(self, alive: Iterable[int]) -> None:
        """Forget all others."""
        there = set(alive)
        self._things = {track_id: thing for track_id, thing in self._things.items() if track_id in there}

    def objects(self, tracks: Iterable[Track]) -> tuple[SceneObject, ...]:
        """Everything that has a name and a place, sorted by name; of two of one name the younger one has a number."""
        taken: set[str] = set()
        objects = []
        for track in sorted(tracks, key=lambda item: item.id):
            thing = self._things.get(track.id)
            if thing is None or track.label == PERSON or track.state is TrackState.TENTATIVE:
                continue
            name = base = f"{thing.colour}_{track.label}"
            number = 2
            while name in taken:
                name, number = f"{base}_{number}", number + 1
            taken.add(name)
            measured = thing.placed.measured
            x, y, z = _now_at(thing, track)
            seen_ns = track.last_seen_ns if track.state is TrackState.CONFIRMED else thing.measured_ns
            objects.append(
                SceneObject(
                    name=name,
                    position_base=(x, y, z),
                    yaw_rad=measured.yaw_rad,
                    size_m=measured.size_m,
                    confidence=track.label_probability * thing.placed.certainty,
                    measured_ns=seen_ns,
                    track=track.id,
                    velocity_mps=track.velocity_mps or (0.0, 0.0, 0.0),
                )
            )
        return tuple(sorted(objects, key=lambda item: item.name))


def _now_at(thing: _Thing, track: Track) -> Vector3:
    """Where it was measured, and as far on as its track has moved since: a track knows ways better than places."""
    x, y, z = (float(value) for value in thing.placed.measured.position_base)
    then, now = thing.followed_base, track.position_base
    if then is None or now is None or track.occluded > COVERED:
        return x, y, z
    if math.dist(then, now) < STILL_M or abs(then[2] - now[2]) > LEVEL_M:
        return x, y, z
    return x + now[0] - then[0], y + now[1] - then[1], z + now[2] - then[2]

"""From the observations of each image to things that have a name, a place, a speed and a history.

Two stages of association after ByteTrack, by box and by position in metres; a thing that is covered stays, a thing
whose place is seen empty goes, a lost one comes back under its id when a closer look shows that it is the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from perception.association import associate, cosines, cost_matrix, overlaps
from perception.observation import Appearance, Observation
from perception.recognition import recognise
from perception.track_life import Place, TrackState, after_miss
from perception.track_motion import Movement, TrackMotion
from perception.tracker_config import TrackerConfig
from perception.tracks import PERSON, Track, TrackRecord

Array = npt.NDArray[np.float64]


def nothing_known(track: Track) -> Place:
    """What an image without depth shows where a track should be."""
    return Place.UNKNOWN


class Tracker:
    """Follows the things that one camera sees. The order of the observations of one image does not matter."""

    def __init__(self, config: TrackerConfig | None = None) -> None:
        self._config = TrackerConfig() if config is None else config
        self._motion = TrackMotion(self._config.motion)
        self._records: list[TrackRecord] = []  # row by row as in `_motion`
        self._next_id = 1
        self._stamp_ns: int | None = None
        self._dimension: int | None = None  # of embeddings
        self._told: tuple[Track, ...] | None = None  # tracks, as long as nothing has changed

    @property
    def tracks(self) -> tuple[Track, ...]:
        """All that are not gone, sorted by id."""
        if self._told is None:
            pairs = sorted(zip(self._records, self._motion.movements(), strict=True), key=lambda pair: pair[0].id)
            self._told = tuple(self._track(record, movement) for record, movement in pairs)
        return self._told

    def update(
        self,
        observations: Iterable[Observation],
        stamp_ns: int,
        place_is: Callable[[Track], Place] = nothing_known,
    ) -> tuple[Track, ...]:
        """Take what one image shows.

        Args:
            observations: of the image, in any order.
            stamp_ns: when it was measured; must rise.
            place_is: what it shows where a track that it does not show should be; see `perception.place`.

        Returns:
            All tracks that are not gone, sorted by id.

        Raises:
            ValueError: a stamp that does not rise, or embeddings of two sizes.
        """
        self._told = None
        seen = sorted((item for item in observations if item.score >= self._config.low_score), key=_order)
        for item in seen:
            self._check(item.appearance)
        self._advance(stamp_ns)
        high = [item.score >= self._config.high_score for item in seen]
        settled = [record.state is not TrackState.TENTATIVE for record in self._records]
        pairs = associate(self._costs(seen), settled, high) if seen and self._records else []
        known, used = {row for row, _ in pairs}, {column for _, column in pairs}
        missing = [row for row in range(len(self._records)) if row not in known]
        for column, item in enumerate(seen):
            if column not in used and high[column]:
                pairs.append((len(self._records), column))
                self._records.append(TrackRecord(item, stamp_ns))
                self._motion.append()
        self._see(pairs, seen, stamp_ns)
        looked = [row for row, column in pairs if seen[column].appearance and self._records[row].looks == 1]
        gone = self._recognise(looked, missing)
        gone |= self._miss([row for row in missing if row not in gone], stamp_ns, place_is)
        self._keep(gone)
        for record in self._records:
            if record.id == 0:
                record.id, self._next_id = self._next_id, self._next_id + 1
        return self.tracks

    def looked_at(self, track_id: int, appearance: Appearance, occluded: float = 0.0) -> int | None:
        """Take a closer look that came later than the image's observations.

        Args:
            track_id: of what was looked at.
            appearance: of it.
            occluded: share of it that something covers, 0..1.

        Returns:
            The id under which the track goes on: that of a lost one if it turns out to be this; None: it is gone.

        Raises:
            ValueError: an embedding of another size than those before.
        """
        self._check(appearance)
        self._told = None
        row = next((row for row, record in enumerate(self._records) if record.id == track_id), None)
        if row is None:
            return None
        record = self._records[row]
        record.look_closely(appearance, occluded)
        if record.looks == 1 and record.missed == 0:
            self._keep(self._recognise([row], [other for other, item in enumerate(self._records) if item.missed > 0]))
        return record.id

    def _check(self, appearance: Appearance | None) -> None:
        if appearance is None:
            return
        size = len(appearance.embedding)
        if self._dimension not in (None, size):
            raise ValueError(
                f"embedding has {size} numbers; those before had {self._dimension}: use one features model"
            )
        self._dimension = size

    def _advance(self, stamp_ns: int) -> None:
        if self._stamp_ns is not None and stamp_ns <= self._stamp_ns:
            raise ValueError(f"stamp_ns is {stamp_ns}; it must exceed that of the image before, {self._stamp_ns}")
        before, self._stamp_ns = self._stamp_ns, stamp_ns
        if before is None or not self._records:
            return
        coasting = round(self._config.coast_s * 1e9)
        moves_s = [max(min(item.last_seen_ns + coasting, stamp_ns) - before, 0) * 1e-9 for item in self._records]
        self._motion.advance(np.array(moves_s))
        for record, (left, top, right, bottom) in zip(self._records, self._motion.boxes().tolist(), strict=True):
            record.predicted_box = left, top, right, bottom

    def _costs(self, seen: Sequence[Observation]) -> Array:
        """See `cost_matrix`; a lost track is nobody's, and a person is never a thing."""
        labels = np.array([record.label for record in self._records])[:, None]
        others = np.array([item.label for item in seen])[None]
        looks = [None if item.appearance is None else item.appearance.embedding for item in seen]
        cost = cost_matrix(
            overlaps(self._motion.boxes(), np.array([item.box for item in seen])),
            self._motion.squared_distances(seen),
            cosines([record.embedding for record in self._records], looks),
            labels == others,
            self._config.gates,
        )
        cost[(labels == PERSON) != (others == PERSON)] = np.inf
        cost[[record.state is TrackState.LOST for record in self._records]] = np.inf
        return cost

    def _see(self, pairs: Sequence[tuple[int, int]], seen: Sequence[Observation], stamp_ns: int) -> None:
        coasting = round(self._config.coast_s * 1e9)
        rows, items = [row for row, _ in pairs], [seen[column] for _, column in pairs]
        stood = [stamp_ns - self._records[row].last_seen_ns > coasting for row in rows]
        self._motion.measure(rows, items, [self._records[row].occluded for row in rows], stood)
        boxes = self._motion.boxes().tolist()
        for row, item in zip(rows, items, strict=True):
            left, top, right, bottom = boxes[row]
            self._records[row].see(item, (left, top, right, bottom), stamp_ns, self._config.life)

    def _recognise(self, looked: Sequence[int], missing: Sequence[int]) -> set[int]:
        """Give things that turn out to be lost ones their ids and histories; the rows of these."""
        if not looked or not missing:
            return set()
        found = recognise(self._records, self._motion.movements(), looked, missing, self._config.recognition)
        for row, lost in found:
            self._records[row].continues(self._records[lost])
        return {lost for _, lost in found}

    def _miss(self, rows: Sequence[int], stamp_ns: int, place_is: Callable[[Track], Place]) -> set[int]:
        """Take that these were not found in the image; the rows of those that are gone."""
        if not rows:
            return set()
        movements, gone = self._motion.movements(), set()
        taken = [item for item, other in zip(movements, self._records, strict=True) if item and other.stands(stamp_ns)]
        for row in rows:
            record, movement = self._records[row], movements[row]
            place = place_is(self._track(record, movement))
            if movement is not None and any(self._is_same(movement, other) for other in taken):
                place = Place.EMPTY
            record.missed += 1
            record.empty = {Place.EMPTY: record.empty + 1, Place.HIDDEN: 0, Place.UNKNOWN: record.empty}[place]
            unseen_s = (stamp_ns - record.last_seen_ns) * 1e-9
            state = after_miss(
                record.state,
                person=record.label == PERSON,
                missed=record.missed,
                empty=record.empty,
                unseen_s=unseen_s,
                place=place,
                config=self._config.life,
            )
            if state is None:
                gone.add(row)
            else:
                record.state = state
        return gone

    def _is_same(self, one: Movement, other: Movement) -> bool:
        return math.dist(one.position_base, other.position_base) < self._config.same_place_m

    def _keep(self, gone: set[int]) -> None:
        if gone:
            rows = [row for row in range(len(self._records)) if row not in gone]
            self._records = [self._records[row] for row in rows]
            self._motion.keep(rows)

    def _track(self, record: TrackRecord, movement: Movement | None) -> Track:
        now_ns = self._stamp_ns or 0
        return record.track(movement, now_ns, now_ns - record.last_seen_ns <= self._config.coast_s * 1e9)


def _order(item: Observation) -> tuple[object, ...]:
    """A total order of what can be told apart, best first."""
    appearance = b"" if item.appearance is None else item.appearance.embedding.tobytes()
    scores = () if item.appearance is None else tuple(sorted(item.appearance.class_scores.items()))
    place = (*(item.position_base or ()), item.position_std_m or 0.0)
    return -item.score, item.box, item.label, item.label_score, place, appearance, scores

"""One thing that is followed from image to image, and the history that a tracker keeps of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from perception.label_belief import LEVEL2_WEIGHT, LabelBelief
from perception.observation import Appearance, Box, Observation, Vector
from perception.scene import Vector3
from perception.track_life import LifeConfig, TrackState, after_sight
from perception.track_motion import Movement

PERSON = "person"  # label of what is never kept, and never recognised again
EMBEDDING_MEMORY = 5.0  # looks: older ones fade


@dataclass(frozen=True, slots=True)
class Track:
    """One thing, as it is believed to be at the stamp of the newest image.

    Attributes:
        id: of this thing, never given again.
        box: px, as it was last seen, smoothed.
        predicted_box: px, where this image was expected to show it.
        label: likeliest name, with `label_probability` over all looks.
        score: calibrated, of the last observation: how likely there is a thing.
        position_base: m; None if there never was depth. `position_std_m` is of its worst coordinate.
        velocity_mps: m/s in the base frame; zero when it has not been seen for a while. `velocity_std_mps` likewise.
        occluded: share of it that something covers, 0..1, as the last closer look saw it; 1 while all of it is hidden.
        age_s: between its first sight and the newest image.
        hits, missed: images that it was seen in, and images in a row that it was not.
        looks: of level 2.
        embedding: (d,), of length 1, mean of the looks; None without.
    """

    id: int
    state: TrackState
    box: Box
    predicted_box: Box
    label: str
    label_probability: float
    score: float
    position_base: Vector3 | None
    position_std_m: float | None
    velocity_mps: Vector3 | None
    velocity_std_mps: float | None
    occluded: float
    age_s: float
    hits: int
    missed: int
    looks: int
    first_seen_ns: int
    last_seen_ns: int
    embedding: Vector | None = field(compare=False)

    @property
    def is_new(self) -> bool:
        """Believed, and never looked at closely."""
        return self.state is TrackState.CONFIRMED and self.looks == 0

    @property
    def speed_mps(self) -> float:
        """How fast it moves; 0 if nothing is known of it."""
        return 0.0 if self.velocity_mps is None else math.hypot(*self.velocity_mps)


class TrackRecord:
    """What a tracker remembers of one thing besides its motion; `see` completes it at once."""

    def __init__(self, first: Observation, stamp_ns: int) -> None:
        self.id = 0  # given when it is certain that it is nothing that was lost
        self.state = TrackState.TENTATIVE
        self.label, self.label_probability = first.label, first.label_score
        self.score, self.occluded = first.score, 0.0
        self.box = self.predicted_box = first.box
        self.embedding: Vector | None = None
        self.hits = self.missed = self.empty = self.looks = 0
        self.first_seen_ns = self.last_seen_ns = stamp_ns
        self._belief = LabelBelief()

    @property
    def is_hidden(self) -> bool:
        """Not seen for long enough that it may turn up elsewhere."""
        return self.state in (TrackState.OCCLUDED, TrackState.LOST)

    def stands(self, stamp_ns: int) -> bool:
        """It is a known thing, seen in the image of this stamp: no other is in its place. A hand may be."""
        return self.last_seen_ns == stamp_ns and self.state is TrackState.CONFIRMED and self.label != PERSON

    @property
    def centre(self) -> tuple[float, float]:
        """Of its box, px."""
        left, top, right, bottom = self.box
        return (left + right) / 2.0, (top + bottom) / 2.0

    def see(self, observation: Observation, box: Box, stamp_ns: int, life: LifeConfig) -> None:
        """It was found in an image, in this (smoothed) box."""
        self.box, self.last_seen_ns = box, stamp_ns
        self.score = observation.score
        self.occluded = 0.0 if self.missed else self.occluded  # it has come out: a look will tell how far
        self.hits += 1
        self.missed = self.empty = 0
        self.state = after_sight(self.state, self.hits, life)
        if self.looks == 0:  # a closer look knows better, and image after image of one view says one thing once
            self._hear({observation.label: observation.label_score}, 1.0)
        if observation.appearance is not None:
            self.look_closely(observation.appearance, self.occluded)

    def look_closely(self, appearance: Appearance, occluded: float) -> None:
        """Level 2 looked at it, and saw so much of it covered."""
        self.looks += 1
        self.occluded = occluded
        if appearance.class_scores:
            self._hear(appearance.class_scores, LEVEL2_WEIGHT)
        if self.embedding is None:
            self.embedding = appearance.embedding
            return
        share = 1.0 / min(float(self.looks), EMBEDDING_MEMORY)
        mean = (1.0 - share) * self.embedding + share * appearance.embedding
        length = float(np.linalg.norm(mean))
        if length > 0.0:  # opposite looks have no mean
            self.embedding = (mean / length).astype(np.float32)
            self.embedding.flags.writeable = False

    def continues(self, lost: TrackRecord) -> None:
        """It is the one that was lost: take its id and its history."""
        self.id, self.first_seen_ns, self.state = lost.id, lost.first_seen_ns, TrackState.CONFIRMED
        self.hits, self.looks = self.hits + lost.hits, self.looks + lost.looks
        name, probability = self.label, self.label_probability
        self._belief = lost._belief
        self._hear({name: probability}, LEVEL2_WEIGHT)

    def track(self, movement: Movement | None, now_ns: int, moves: bool) -> Track:
        """What others may know of it.

        Args:
            movement: of its filter.
            now_ns: stamp of the newest image.
            moves: it was seen so lately that its velocity still says something.
        """
        still = (0.0, 0.0, 0.0)
        return Track(
            id=self.id,
            state=self.state,
            box=self.box,
            predicted_box=self.predicted_box,
            label=self.label,
            label_probability=self.label_probability,
            score=self.score,
            position_base=None if movement is None else movement.position_base,
            position_std_m=None if movement is None else movement.position_std_m,
            velocity_mps=None if movement is None else movement.velocity_mps if moves else still,
            velocity_std_mps=None if movement is None else movement.velocity_std_mps,
            occluded=1.0 if self.state is TrackState.OCCLUDED else self.occluded,
            age_s=(now_ns - self.first_seen_ns) * 1e-9,
            hits=self.hits,
            missed=self.missed,
            looks=self.looks,
            first_seen_ns=self.first_seen_ns,
            last_seen_ns=self.last_seen_ns,
            embedding=self.embedding,
        )

    def _hear(self, scores: Mapping[str, float], weight: float) -> None:
        self._belief.look(scores, weight)
        self.label, self.label_probability = self._belief.best()

"""Ways to decide when level 2 looks: the cascade's own, what it is compared with, and parts of it switched off."""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.training.measures import intersection_over_union
from perception.cascade import CascadeConfig
from perception.feature_cache import CacheConfig
from perception.reasons import Reason
from perception.scene import SceneObject
from perception.track_life import TrackState
from perception.tracks import Track
from robot_runtime.evaluation.identity_count import LEAST_OVERLAP
from robot_runtime.evaluation.scorer import SAME_PLACE_M, is_wanted
from sim.evaluation_sequences import Moment

Chooser = Callable[[Sequence[Track]], Collection[int]]

AGAIN_S = 0.1  # the oracle looks at a thing no sooner again: as the cascade
HOLDS_NOTHING = CacheConfig(ttl_s=1e-9)
CONFIDENCES = (0.4, 0.9, 0.97)  # besides the default one
CHANCES = (0.003, 0.01, 0.03, 0.1, 0.3)

ALWAYS_1, ALWAYS_2, CASCADE, RANDOM, ORACLE = "always level 1", "always level 2", "cascade", "random", "oracle triggers"
ABLATIONS = {
    "without new_object": Reason.NEW_OBJECT,
    "without low_confidence": Reason.LOW_CONFIDENCE,
    "without fast": Reason.FAST,
    "without in_workspace": Reason.IN_WORKSPACE,
    "without shadow": Reason.SHADOW,
}
WITHOUT_CACHE = "without cache"


class Picker(abc.ABC):
    """Decides instead of the triggers; one for each episode."""

    @abc.abstractmethod
    def chooser(self, moment: Moment, objects: Mapping[int, SceneObject]) -> Chooser:
        """For one image.

        Args:
            moment: the image, with the truth.
            objects: of the scene before, by track.
        """


class Everything(Picker):
    """All that is in view."""

    def chooser(self, moment: Moment, objects: Mapping[int, SceneObject]) -> Chooser:
        return lambda tracks: [track.id for track in tracks]


class ByLot(Picker):
    """Each thing that is believed, with the same chance in each image."""

    def __init__(self, chance: float, seed: int = 0) -> None:
        self._chance = chance
        self._random = np.random.default_rng(seed)

    def chooser(self, moment: Moment, objects: Mapping[int, SceneObject]) -> Chooser:
        def choose(tracks: Sequence[Track]) -> list[int]:
            there = [track.id for track in tracks if track.state is TrackState.CONFIRMED]
            return [track_id for track_id in there if self._random.random() < self._chance]

        return choose


class Knowing(Picker):
    """What is called wrongly, or is not where the scene has it: by the truth, so no robot can do it."""

    def __init__(self) -> None:
        self._looked_ns: dict[int, int] = {}

    def chooser(self, moment: Moment, objects: Mapping[int, SceneObject]) -> Chooser:
        def choose(tracks: Sequence[Track]) -> list[int]:
            now_ns = moment.frame.stamp_ns
            rested = [track for track in tracks if now_ns - self._looked_ns.get(track.id, -(10**12)) >= AGAIN_S * 1e9]
            wrong = [track.id for track in rested if _is_wrong(track, moment, objects.get(track.id))]
            self._looked_ns.update(dict.fromkeys(wrong, now_ns))
            return wrong

        return choose


def _is_wrong(track: Track, moment: Moment, said: SceneObject | None) -> bool:
    things = [item for item in moment.things if is_wanted(item)]
    if not things:
        return False
    overlap = intersection_over_union(np.array([track.box]), np.array([item.box for item in things], dtype=np.float64))
    best = int(overlap[0].argmax())
    if overlap[0, best] < LEAST_OVERLAP:
        return False
    thing = things[best]
    if track.label != thing.label:
        return True
    if not thing.free:
        return False
    place = thing.pose_base_from_object[:3, 3]
    return said is None or math.dist(said.position_base, place) > SAME_PLACE_M


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way.

    Attributes:
        name: for people.
        config: of the cascade.
        levels: that may run.
        picker: makes what decides instead of the triggers; None: they decide.
    """

    name: str
    config: CascadeConfig
    levels: tuple[int, ...] = (1, 2)
    picker: Callable[[], Picker] | None = None


def compared(ours: CascadeConfig) -> list[Strategy]:
    """The cascade, and what can be compared with it without knowing what it costs."""
    return [
        Strategy(ALWAYS_1, ours, levels=(1,)),
        Strategy(ALWAYS_2, ours, picker=Everything),
        Strategy(CASCADE, ours),
        Strategy(ORACLE, ours, picker=Knowing),
    ]


def by_lot(name: str, ours: CascadeConfig, chance: float) -> Strategy:
    """Level 2 looks at what is drawn by lot."""
    return Strategy(name, ours, picker=lambda: ByLot(chance))


def ablations(ours: CascadeConfig) -> list[Strategy]:
    """The cascade without each of its triggers, and without what it remembers."""
    without = [Strategy(name, _with_triggers(ours, off=off)) for name, off in ABLATIONS.items()]
    return [*without, Strategy(WITHOUT_CACHE, replace(ours, cache=HOLDS_NOTHING))]


def sweep(ours: CascadeConfig) -> list[Strategy]:
    """Points of the curves: the cascade at other confidences, looks by lot at other chances."""
    sure = [Strategy(f"cascade, confidence {value:g}", _with_triggers(ours, confidence=value)) for value in CONFIDENCES]
    return sure + [by_lot(f"random, chance {value:g}", ours, value) for value in CHANCES]


def _with_triggers(ours: CascadeConfig, **changes: Any) -> CascadeConfig:
    return replace(ours, triggers=replace(ours.triggers, **changes))

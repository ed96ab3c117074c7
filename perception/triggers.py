"""Which things deserve a closer look (level 2), and whether the scene does (level 3); each with its reasons.

Functions of what is known now. A look costs time that other things need, so a result that still holds keeps away all
reasons but speed and doubt; a thing without one, as it is new or has moved, is a new object. A random look now and then
tells without bias what is missed that way (`perception.miss_rate`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from perception.reasons import Reason
from perception.track_life import TrackState
from perception.tracks import Track
from rt_control.segment_distance import distance_to_point

Array = npt.NDArray[np.float64]


# Of level 2, the most urgent first. A look by lot goes before all: one that is dropped for lack of time would bias what
# is estimated from it.
URGENCY = (Reason.SHADOW, Reason.IN_WORKSPACE, Reason.FAST, Reason.NEW_OBJECT, Reason.LOW_CONFIDENCE)


@dataclass(frozen=True, slots=True)
class TriggerConfig:
    """Thresholds; the defaults are DESIGN section 7, where it names one.

    Attributes:
        confidence: a calibrated probability of the name below it is unsure.
        speed_mps: above it a thing is fast.
        shadow_probability: of a look at a thing that nothing else gives a reason for, each time it is asked.
        half_hidden: a look that saw more than this share of a thing covered is unsure, whatever it said.
        look_interval_s: no thing is looked at again sooner, whatever the reason.
        unsure_interval_s: nor for being unsure alone: the same look at the same thing says the same.
        person_m: a person nearer than this to the robot is nearby.
        occluded: a thing of which more is covered.
        novelty: 1 - cosine to the nearest known embedding, above which a thing is novel.
        scene_overdue_s: without a look at the scene.
        scene_interval_s: the scene is not looked at again sooner.
        off: reasons that do not count, to measure what each is worth.
    """

    confidence: float = 0.7
    speed_mps: float = 0.5
    shadow_probability: float = 0.01
    half_hidden: float = 0.15
    look_interval_s: float = 0.1
    unsure_interval_s: float = 1.0
    person_m: float = 1.5
    occluded: float = 0.5
    novelty: float = 0.4
    scene_overdue_s: float = 5.0
    scene_interval_s: float = 0.2
    off: Reason = Reason(0)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name != "off" and not value > 0.0:
                raise ValueError(f"{item.name} is {value}; it must exceed 0; switch a reason off by `off`")
        for name in ("confidence", "shadow_probability", "half_hidden", "occluded"):
            if not getattr(self, name) < 1.0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be less than 1")
        if not self.novelty < 2.0:
            raise ValueError(f"novelty is {self.novelty}; it must be less than 2, that of an opposite embedding")
        if not max(self.scene_interval_s, self.look_interval_s) < self.scene_overdue_s:
            raise ValueError(
                f"scene_interval_s, look_interval_s, scene_overdue_s are {self.scene_interval_s}, "
                f"{self.look_interval_s}, {self.scene_overdue_s}; the last must exceed the others"
            )


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the running skill acts: its target and what it sweeps, as capsules of the base frame.

    Attributes:
        begin, end: (k, 3) m; the same for a point.
        radius_m: (k,).
    """

    begin: Array
    end: Array
    radius_m: Array

    def __post_init__(self) -> None:
        count = len(self.radius_m)
        if self.begin.shape != (count, 3) or self.end.shape != (count, 3):
            raise ValueError(
                f"begin, end, radius_m have shapes {self.begin.shape}, {self.end.shape}, {self.radius_m.shape}; "
                "they must be (k, 3), (k, 3), (k,)"
            )

    def holds(self, position_base: tuple[float, float, float] | None) -> bool:
        """Whether a point is in it; what has no position may be."""
        if len(self.radius_m) == 0:
            return False
        if position_base is None:
            return True
        return bool((distance_to_point(self.begin, self.end, np.array(position_base)) <= self.radius_m).any())


@dataclass(frozen=True, slots=True)
class LastLook:
    """The last look of level 2 at one thing.

    Attributes:
        age_s: since it was asked for, whether its result is there yet or not.
        holds: the result is there and still holds, see `FeatureCache.holds`.
    """

    age_s: float
    holds: bool


@dataclass(frozen=True, slots=True)
class LookRequest:
    """A thing that level 2 should look at.

    Attributes:
        track_id: of the thing.
        reasons: all that apply.
        probability: with which it was chosen; less than 1 for a look by lot only.
    """

    track_id: int
    reasons: Reason
    probability: float

    @property
    def priority(self) -> float:
        """0 to 10, by its most urgent reason; more of them count a little."""
        rank = next(place for place, reason in enumerate(URGENCY) if reason in self.reasons)
        return 9.0 - 2.0 * rank + 0.1 * self.reasons.bit_count()


@dataclass(frozen=True, slots=True)
class LookPlan:
    """What level 2 should do.

    Attributes:
        requests: the most urgent first.
        passed_over: things that could be looked at and give no reason to: those among which lots were drawn.
    """

    requests: tuple[LookRequest, ...]
    passed_over: int


def plan_looks(
    tracks: Sequence[Track],
    last: Mapping[int, LastLook],
    workspace: Workspace | None,
    config: TriggerConfig,
    random: np.random.Generator,
    image_speeds_mps: Mapping[int, float] = MappingProxyType({}),
) -> LookPlan:
    """Which of the things in view level 2 should look at.

    Args:
        tracks: of now.
        last: look at each track that was looked at.
        workspace: of the running skill; None: none runs.
        config: thresholds.
        random: of the looks by lot; one draw for each track, so that it does not depend on the others.
        image_speeds_mps: of tracks whose speed optical flow tells, at once where a track's own takes some images.
    """
    wanted: list[LookRequest] = []
    passed_over = 0
    for track in sorted(tracks, key=lambda item: item.id):
        drawn = random.random() < config.shadow_probability and Reason.SHADOW not in config.off
        look = last.get(track.id)
        if not _can_be_looked_at(track, look, config):
            continue
        speed_mps = max(track.speed_mps, image_speeds_mps.get(track.id, 0.0))
        reasons = _reasons(track, speed_mps, look, workspace, config) & ~config.off
        if reasons:
            wanted.append(LookRequest(track.id, reasons, 1.0))
            continue
        passed_over += 1
        if drawn:
            wanted.append(LookRequest(track.id, Reason.SHADOW, config.shadow_probability))
    wanted.sort(key=lambda item: (-item.priority, item.track_id))
    return LookPlan(tuple(wanted), passed_over)


def _can_be_looked_at(track: Track, look: LastLook | None, config: TriggerConfig) -> bool:
    """Whether a track is in view and believed, and was not looked at just now."""
    rested = look is None or look.age_s >= config.look_interval_s
    return rested and track.missed == 0 and track.state is TrackState.CONFIRMED


def _reasons(
    track: Track, speed_mps: float, look: LastLook | None, workspace: Workspace | None, config: TriggerConfig
) -> Reason:
    reasons = Reason(0)
    if speed_mps > config.speed_mps:
        reasons |= Reason.FAST
    unsure = track.label_probability < config.confidence or track.occluded > config.half_hidden
    if unsure and (look is None or look.age_s >= config.unsure_interval_s):
        reasons |= Reason.LOW_CONFIDENCE
    if look is not None and look.holds:
        return reasons
    if workspace is not None and workspace.holds(track.position_base):
        reasons |= Reason.IN_WORKSPACE
    return reasons | Reason.NEW_OBJECT

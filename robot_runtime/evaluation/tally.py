"""What one strategy did in one episode, as counts and lists that can be put together over episodes and kept."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from models.training.measures import area_under_curve


class Detected(msgspec.Struct):
    """One class over many images.

    Attributes:
        scores: of all that the scene calls so.
        right: whether each is.
        wanted: how many there are.
    """

    scores: list[float] = []
    right: list[bool] = []
    wanted: int = 0

    def add(self, other: Detected) -> None:
        """Take the other's images, too."""
        self.scores += other.scores
        self.right += other.right
        self.wanted += other.wanted


class Noticing(msgspec.Struct):
    """Events of one kind.

    Attributes:
        latencies_s: of those that came into the scene.
        missed: those that did not.
    """

    latencies_s: list[float] = []
    missed: int = 0

    def add(self, other: Noticing) -> None:
        """Take the other's events, too."""
        self.latencies_s += other.latencies_s
        self.missed += other.missed


class Tally(msgspec.Struct):
    """Sums of one strategy.

    Attributes:
        images: that were shown.
        let_go: of these, that were not looked at, as level 1 would have been late.
        level1_ms, level2_ms, rest_ms: computing time of one thread.
        looks: of level 2.
        candidates: things that it could have looked at, over all images.
        switches, fragments, present, followed: see `IdentityCount`.
        not_placed: of what `place_errors_m` is about, that is not in the scene.
        person_images, person_noticed: images with a person in the workspace, and how many of these say so.
        empty_images, false_alarms: images without anybody, and how many of these say that there is somebody.
        place_errors_m: of things in the scene that are clearly seen and held by nobody, every fifth image.
        yaw_errors_rad: of cubes and boxes among them.
        detected: by class.
        noticed: by kind of event.
    """

    images: int = 0
    let_go: int = 0
    level1_ms: float = 0.0
    level2_ms: float = 0.0
    rest_ms: float = 0.0
    looks: int = 0
    candidates: int = 0
    switches: int = 0
    fragments: int = 0
    present: int = 0
    followed: int = 0
    not_placed: int = 0
    person_images: int = 0
    person_noticed: int = 0
    empty_images: int = 0
    false_alarms: int = 0
    place_errors_m: list[float] = []
    yaw_errors_rad: list[float] = []
    detected: dict[str, Detected] = {}
    noticed: dict[str, Noticing] = {}

    @property
    def total_ms(self) -> float:
        """All that it computed."""
        return self.level1_ms + self.level2_ms + self.rest_ms

    @property
    def ms_per_image(self) -> float:
        """The same for one image."""
        return self.total_ms / max(self.images, 1)

    def average_precision(self) -> dict[str, float]:
        """At an overlap of a half, of each class that occurs, 0..1."""
        return {
            label: area_under_curve(np.array(item.scores), np.array(item.right, dtype=bool), item.wanted)
            for label, item in sorted(self.detected.items())
            if item.wanted > 0
        }

    def mean_average_precision(self) -> float:
        """Over the classes that occur, 0..1."""
        return float(np.mean(list(self.average_precision().values()) or [0.0]))

    def latencies_s(self) -> list[float]:
        """Of events of every kind."""
        return [value for item in self.noticed.values() for value in item.latencies_s]

    def missed(self) -> int:
        """Events of every kind."""
        return sum(item.missed for item in self.noticed.values())


_SUMS = tuple(field.name for field in msgspec.structs.fields(Tally) if field.name not in ("detected", "noticed"))


def together(tallies: Sequence[Tally]) -> Tally:
    """All episodes as one."""
    total = Tally()
    for item in tallies:
        for name in _SUMS:
            setattr(total, name, getattr(total, name) + getattr(item, name))
        for label, detected in item.detected.items():
            total.detected.setdefault(label, Detected()).add(detected)
        for kind, noticing in item.noticed.items():
            total.noticed.setdefault(kind, Noticing()).add(noticing)
    return total

"""The limits by which a tracker decides."""

from __future__ import annotations

from dataclasses import dataclass

from perception.association import Gates
from perception.recognition import RecognitionConfig
from perception.track_life import LifeConfig
from perception.track_motion import MotionConfig


@dataclass(frozen=True, slots=True)
class TrackerConfig:
    """What is one and the same thing.

    Attributes:
        low_score: worse observations are not used.
        high_score: from here on an observation may begin a track.
        gates: of a pair; the squared distance is chi-squared of 3 numbers at 99 %.
        coast_s: a thing that is not seen is believed to move on for so long, and then to stand.
        same_place_m: nearer to each other two things are not: one that is not seen is gone where another is seen.
        life, motion, recognition: see there.
    """

    low_score: float = 0.1
    high_score: float = 0.5
    gates: Gates = Gates(squared_distance=11.34, overlap=0.2, similarity=0.3)
    coast_s: float = 0.5
    same_place_m: float = 0.02
    life: LifeConfig = LifeConfig()
    motion: MotionConfig = MotionConfig()
    recognition: RecognitionConfig = RecognitionConfig()

    def __post_init__(self) -> None:
        if not 0.0 <= self.low_score < self.high_score <= 1.0:
            raise ValueError(
                f"low_score, high_score are {self.low_score}, {self.high_score}; they must rise within 0..1"
            )
        if not self.gates.similarity <= self.recognition.similarity:
            raise ValueError(
                f"recognition.similarity is {self.recognition.similarity}, gates.similarity {self.gates.similarity}; "
                "the first must not be less: to come back takes more than to stay"
            )
        for name in ("coast_s", "same_place_m"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must exceed 0")

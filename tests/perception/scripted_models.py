"""Models that say what a test tells them to, so that what is made of it can be tested without any network."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.preprocessing import PreparedImage, square_windows
from models.roles import DepthMap, Detections, Features, Floats, Keypoints, Masks
from perception.calibration import ScoreCalibration
from perception.cascade_models import CascadeModels
from perception.detector_calibration import DetectorCalibration

NAMES = ("cube", "box", "cylinder", "ball", "person")
SHAPES = NAMES[:4]
MARGIN = 0.35
MASK = 32


@dataclass
class Script:
    """What the models say, and how often they were asked.

    Attributes:
        seen: name, box and score of each thing in the image.
        shape: what level 2 takes everything to be.
        colour: RGB of the things, whose pixels level 2 finds by it.
        asked: number of things that level 2 looked at.
    """

    seen: list[tuple[str, tuple[float, float, float, float], float]] = field(default_factory=list)
    shape: str = "cube"
    colour: tuple[int, int, int] = (200, 20, 20)
    asked: int = 0

    def detect(self, image: PreparedImage) -> Detections:
        boxes = np.array([box for _, box, _ in self.seen], dtype=np.float32).reshape(-1, 4)
        scores = np.array([score for _, _, score in self.seen], dtype=np.float32)
        labels = np.array([NAMES.index(name) for name, _, _ in self.seen], dtype=np.intp)
        return Detections(boxes, scores, labels, NAMES)

    def estimate(self, image: PreparedImage) -> DepthMap:
        return DepthMap(np.full((120, 160), 1.0, dtype=np.float32), True)

    def extract(self, image: PreparedImage, boxes: Floats) -> Features:
        self.asked += len(boxes)
        scores = np.full((len(boxes), len(SHAPES)), 0.02, dtype=np.float32)
        scores[:, SHAPES.index(self.shape)] = 0.94
        vectors = np.zeros((len(boxes), 64), dtype=np.float32)
        vectors[:, 0] = 1.0
        return Features(vectors, scores, SHAPES)

    def segment(self, image: PreparedImage, boxes: Floats) -> Masks:
        windows = square_windows(boxes, MARGIN)
        probability = np.zeros((len(boxes), MASK, MASK), dtype=np.float32)
        for index, (left, top, right, _) in enumerate(windows):
            step = (right - left) / MASK
            columns = np.clip((left + (np.arange(MASK) + 0.5) * step).astype(int), 0, image.width - 1)
            rows = np.clip((top + (np.arange(MASK) + 0.5) * step).astype(int), 0, image.height - 1)
            probability[index] = (image.rgb[np.ix_(rows, columns)] == self.colour).all(axis=2)
        return Masks(probability, windows, np.ones(len(boxes), dtype=np.float32))

    def locate(self, image: PreparedImage, boxes: Floats) -> Keypoints:
        count = len(boxes)
        return Keypoints(np.zeros((count, 9, 2), np.float32), np.ones((count, 9), np.float32), ("point",) * 9)


def models_of(script: Script) -> CascadeModels:
    """Every role played by the script, whose scores are taken as they are."""
    as_they_are = ScoreCalibration((0.0, 1.0), (0.0, 1.0), 100)
    calibration = DetectorCalibration("0" * 64, as_they_are, as_they_are)
    return CascadeModels(script, calibration, script, script, script, script)

from __future__ import annotations

import numpy as np
import pytest

from models.preprocessing import PreparedImage
from models.roles import Detections
from robot_runtime.evaluation.compute_clock import ComputeClock, LevelOneMemory
from tests.perception.scripted_models import Script, models_of

IMAGE = PreparedImage(np.zeros((240, 320, 3), dtype=np.uint8))


class Busy(Script):
    """Computes for a while."""

    runs = 0

    def detect(self, image: PreparedImage) -> Detections:
        self.runs += 1
        sum(range(200_000))
        return super().detect(image)


def test_what_is_charged_passes_on_the_clock() -> None:
    clock = ComputeClock()
    begun = clock.begin()
    clock.charge(2.0)
    assert clock.took_ms("detector", 1, begun) == pytest.approx(2000.0, abs=500.0)


def test_an_image_that_comes_again_is_not_computed_again_and_costs_the_same() -> None:
    busy, clock = Busy(), ComputeClock()
    memory = LevelOneMemory(models_of(busy), clock)
    costs = []
    for _ in range(3):
        memory.image_is(4)
        begun = clock.now_s()
        memory.models.detector.detect(IMAGE)
        costs.append(clock.now_s() - begun)
    assert busy.runs == 1
    assert min(costs) >= 0.5 * max(costs[1:])


def test_another_image_and_another_episode_are_computed() -> None:
    busy, clock = Busy(), ComputeClock()
    memory = LevelOneMemory(models_of(busy), clock)
    for number in (1, 2, 2):
        memory.image_is(number)
        memory.models.detector.detect(IMAGE)
    memory.forget()
    memory.models.detector.detect(IMAGE)
    assert busy.runs == 3

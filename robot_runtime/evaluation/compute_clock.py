"""Computing time of one thread, however busy the machine is; and level 1 computed once for many strategies.

Strategies that look at the same images ask level 1's network the same. It runs once for each image, and each strategy
is charged what that took: they are compared by what differs, and not by the noise of what does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from models.preprocessing import PreparedImage
from models.roles import DepthMap, Detections
from perception.cascade_models import CascadeModels

Value = TypeVar("Value")


class ComputeClock:
    """A `CostMeter` in CPU time of the thread that asks, with what is charged on top."""

    def __init__(self) -> None:
        self._charged_s = 0.0

    def now_s(self) -> float:
        """Computing time so far."""
        return time.thread_time() + self._charged_s

    def charge(self, took_s: float) -> None:
        """Let time pass for work that was done before."""
        self._charged_s += took_s

    def begin(self) -> float:
        return self.now_s()

    def took_ms(self, role: str, count: int, begun: float) -> float:
        return (self.now_s() - begun) * 1e3


class LevelOneMemory:
    """Detector and depth estimator that answer from memory, and charge for it, when an image comes again."""

    def __init__(self, models: CascadeModels, clock: ComputeClock) -> None:
        self._clock = clock
        self._detect, self._estimate = models.detector.detect, models.depth.estimate
        self._known: dict[tuple[str, int], tuple[object, float]] = {}
        self._number = 0
        self.models = replace(models, detector=self, depth=self)

    def image_is(self, number: int) -> None:
        """Which image of the episode comes next."""
        self._number = number

    def forget(self) -> None:
        """Another episode begins."""
        self._known.clear()

    def detect(self, image: PreparedImage) -> Detections:
        return self._answer("detector", lambda: self._detect(image))

    def estimate(self, image: PreparedImage) -> DepthMap:
        return self._answer("depth", lambda: self._estimate(image))

    def _answer(self, role: str, ask: Callable[[], Value]) -> Value:
        known = self._known.get((role, self._number))
        if known is not None:
            self._clock.charge(known[1])
            return known[0]  # type: ignore[return-value]  # the same role gave it
        begun = self._clock.now_s()
        answer = ask()
        self._known[role, self._number] = (answer, self._clock.now_s() - begun)
        return answer

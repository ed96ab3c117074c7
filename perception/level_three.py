"""Level 3: looks at the scene as a whole, beside the images: asked for, never waited for.

What it says makes the robot cleverer, or more careful; nothing stops when it says nothing.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from models.roles import SceneInsight, SceneModel
from perception.cost_meter import CostMeter
from perception.patience import Patience
from rt_control.scheduling import step_back

Pixels = npt.NDArray[np.uint8]

IMAGES = 4
SPACING_S = 0.25
SLACK_S = 0.02  # an image may be early by so much: half a period of the camera
WIDTH, HEIGHT = 192, 144
END_LIMIT_S = 3.0
_NS_PER_S = 1_000_000_000

_logger = logging.getLogger(__name__)


class Clip:
    """The last images, equally spaced; holds small copies in buffers that are made once."""

    def __init__(self) -> None:
        self._images = np.zeros((IMAGES, HEIGHT, WIDTH, 3), dtype=np.uint8)
        self._stamps_ns: deque[int] = deque(maxlen=IMAGES)

    def add(self, rgb: Pixels, stamp_ns: int) -> bool:
        """Take an image if its turn has come; True if it was taken."""
        gap_s = (stamp_ns - self._stamps_ns[-1]) / _NS_PER_S if self._stamps_ns else SPACING_S
        if gap_s > 2.0 * SPACING_S or gap_s <= 0.0:  # a hole: what was before says nothing of what follows
            self._stamps_ns.clear()
        elif gap_s < SPACING_S - SLACK_S:
            return False
        self._images[:-1] = self._images[1:]
        self._images[-1] = cv2.resize(rgb, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        self._stamps_ns.append(stamp_ns)
        return True

    @property
    def is_full(self) -> bool:
        """Whether there are images enough for a look."""
        return len(self._stamps_ns) == IMAGES

    @property
    def stamp_ns(self) -> int:
        """Of the newest image."""
        return self._stamps_ns[-1]

    def images(self) -> Pixels:
        """A copy, (4, h, w, 3), oldest first."""
        return self._images.copy()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question, and what it cost.

    Attributes:
        insight: None where nothing came of it.
        took_ms: computing time here; elsewhere the time until the answer was there.
        failure: why nothing came of it.
    """

    insight: SceneInsight | None
    took_ms: float
    failure: str = ""


class SceneLooks(Protocol):
    """Somebody who looks at clips, here or elsewhere. One question at a time."""

    @property
    def remote(self) -> bool:
        """Whether clips leave the robot."""

    def ready(self, now_ns: int) -> bool:
        """Whether a question may be asked: the last one is over, and what failed has had its pause."""

    def ask(self, clip: Pixels, now_ns: int) -> None:
        """Ask for a look, where `ready` says so."""

    def answer(self, now_ns: int) -> Answer | None:
        """The answer, or that there will be none, once; None while neither is known. Never waits."""

    def close(self) -> None:
        """Ask no more; what is under way is not waited for longer than it may take."""


class ThreadedLooks:
    """Looks in a thread of its own, whose model may take as long as it likes: on this machine, or by asking another."""

    def __init__(
        self,
        model: SceneModel,
        cost: CostMeter,
        role: str,
        remote: bool = False,
        patience: Patience | None = None,
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the thread.

        Args:
            model: that looks; whatever it raises is a look that failed.
            cost: what looks cost.
            role: whose cost it is.
            remote: whether the model is elsewhere.
            patience: with it.
            at_end: called by the thread when nobody asks any more.
        """
        self.remote = remote
        self._model, self._cost, self._role, self._at_end = model, cost, role, at_end
        self._patience = Patience() if patience is None else patience
        self._wake = threading.Condition()
        self._question: Pixels | None = None
        self._answer: Answer | None = None
        self._told = ""
        self._busy = self._given_up = self._ended = False
        self._thread = threading.Thread(target=self._run, name="level3", daemon=True)
        self._thread.start()

    def ready(self, now_ns: int) -> bool:
        with self._wake:
            return not self._busy and self._patience.ready(now_ns)

    def ask(self, clip: Pixels, now_ns: int) -> None:
        with self._wake:
            self._patience.ask(now_ns)
            self._question, self._busy = clip, True
            self._wake.notify()

    def answer(self, now_ns: int) -> Answer | None:
        with self._wake:
            found, self._answer = self._answer, None
            if found is None and self._patience.overdue(now_ns):
                self._given_up = True
                found = Answer(None, 0.0, "no answer in time")
            if found is not None and found.insight is None:
                self._patience.failed(now_ns)
                self._tell(found.failure)
            elif found is not None:
                self._patience.answered()
                self._tell("")
            return found

    def close(self) -> None:
        with self._wake:
            self._ended = True
            self._wake.notify()
        self._thread.join(END_LIMIT_S)

    def _tell(self, trouble: str) -> None:
        """Once for each reason, and once when it is over."""
        if trouble != self._told:
            self._told = trouble
            _logger.warning("level 3 %s", f"fails: {trouble}" if trouble else "answers again")

    def _run(self) -> None:
        step_back()
        while True:
            with self._wake:
                while self._question is None and not self._ended:
                    self._wake.wait()
                if self._ended:
                    break
                clip, self._question = self._question, None
            assert clip is not None
            answer = self._look(clip)
            with self._wake:
                # Nobody waits any more for what was given up.
                self._answer = None if self._given_up else answer
                self._busy = self._given_up = False
        self._at_end()

    def _look(self, clip: Pixels) -> Answer:
        begun = self._cost.begin()
        try:
            return Answer(self._model.observe(clip), self._cost.took_ms(self._role, 1, begun))
        except Exception as error:  # level 3 is optional: whatever happens to it, the robot goes on without
            return Answer(None, 0.0, str(error))


class TimedLooks:
    """Looks at once, and answers after the time that a look is said to take: for virtual time."""

    def __init__(self, model: SceneModel, took_ms: float, remote: bool = False) -> None:
        self.remote = remote
        self._model, self._took_ms = model, took_ms
        self._pending: tuple[int, Answer] | None = None

    def ready(self, now_ns: int) -> bool:
        return self._pending is None

    def ask(self, clip: Pixels, now_ns: int) -> None:
        self._pending = now_ns + round(self._took_ms * 1e6), Answer(self._model.observe(clip), self._took_ms)

    def answer(self, now_ns: int) -> Answer | None:
        if self._pending is None or now_ns < self._pending[0]:
            return None
        found = self._pending[1]
        self._pending = None
        return found

    def close(self) -> None:
        self._pending = None

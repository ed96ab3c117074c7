"""When level 3 is asked, and what it said last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from perception.familiar import Familiar
from perception.frames import Frame
from perception.jobs import NO_TRACK, Admitted, Job
from perception.level_three import Answer, Clip, SceneLooks
from perception.observation import Vector
from perception.scene import SceneReport
from perception.scene_triggers import Situation, novelty, scene_look_wanted
from perception.triggers import TriggerConfig

ROLE = "scene"
PRIORITY = 5.0
FAMILIAR = 64  # looks of things that are remembered


@dataclass(frozen=True, slots=True)
class _Question:
    """A look that is under way: of which clip, since when, and what was in view."""

    look: Admitted
    stamp_ns: int
    asked_ns: int
    in_view: tuple[Vector, ...]


class SceneLevel:
    """Gathers clips, asks where there is a reason, keeps the newest answer and what was in view when it asked."""

    def __init__(self, looks: SceneLooks, config: TriggerConfig) -> None:
        self.report: SceneReport | None = None
        self._looks = looks
        self._config = config
        self._clip = Clip()
        self._familiar = Familiar(FAMILIAR)
        self._looked_ns: int | None = None
        self._pending: _Question | None = None

    def take(self, frame: Frame) -> bool:
        """Take an image; whether there is a new clip to look at with it."""
        return self._clip.add(frame.rgb, frame.stamp_ns) and self._clip.is_full

    def may_ask(self, now_ns: int, remote: bool) -> bool:
        """Whether a look may be asked for: nothing is under way, and clips may leave the robot where they would."""
        return self._pending is None and (remote or not self._looks.remote) and self._looks.ready(now_ns)

    def wanted(self, now: Situation, in_view: Sequence[Vector], now_ns: int) -> list[Job]:
        """The look that the scene deserves, if any.

        Args:
            now: see there; novelty and the time since the last look are known here.
            in_view: embeddings of the things in view.
            now_ns: this moment.
        """
        since_s = None if self._looked_ns is None else (now_ns - self._looked_ns) * 1e-9
        judged = replace(now, novelty=novelty(in_view, self._familiar.known), since_last_s=since_s)
        reasons = scene_look_wanted(judged, self._config)
        return [Job(3, ROLE, NO_TRACK, reasons, PRIORITY)] if reasons else []

    def ask(self, look: Admitted, in_view: Sequence[Vector], now_ns: int) -> None:
        """Begin the look that was admitted, where one may be; once it is answered, what is in view now is known."""
        self._looks.ask(self._clip.images(), now_ns)
        self._pending = _Question(look, self._clip.stamp_ns, now_ns, tuple(in_view))

    def poll(self, now_ns: int) -> tuple[Admitted, Answer] | None:
        """The look that ended since, and what came of it; None if none did."""
        answer = self._looks.answer(now_ns) if self._pending is not None else None
        if answer is None or self._pending is None:
            return None
        asked, self._pending = self._pending, None
        if answer.insight is not None:
            insight = answer.insight
            reasons = int(asked.look.job.reasons)
            self.report = SceneReport(asked.stamp_ns, reasons, insight.surprise, dict(insight.facts))
            self._looked_ns = asked.asked_ns
            self._familiar.meet(asked.in_view)
        return asked.look, answer

    def close(self) -> None:
        """Ask nobody any more."""
        self._looks.close()

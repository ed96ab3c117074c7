"""When level 3 is asked, and what it said last."""

from __future__ import annotations

from dataclasses import replace

from perception.frames import Frame
from perception.jobs import NO_TRACK, Admitted, Job
from perception.level_three import Clip, SceneLooks
from perception.scene import SceneReport
from perception.scene_triggers import Situation, scene_look_wanted
from perception.triggers import TriggerConfig

ROLE = "scene"
PRIORITY = 5.0


class SceneLevel:
    """Gathers clips, asks where there is a reason, keeps the newest answer."""

    def __init__(self, looks: SceneLooks, config: TriggerConfig) -> None:
        self.report: SceneReport | None = None
        self._looks = looks
        self._config = config
        self._clip = Clip()
        self._asked_ns: int | None = None
        self._pending: tuple[Admitted, int] | None = None

    def wanted(self, frame: Frame, now: Situation, now_ns: int) -> list[Job]:
        """Take an image; the look that it deserves, if any.

        Args:
            frame: the newest.
            now: see there; the time since the last look is known here.
            now_ns: this moment.
        """
        taken = self._clip.add(frame.rgb, frame.stamp_ns)
        if not (taken and self._clip.is_full) or self._pending is not None:
            return []
        since_s = None if self._asked_ns is None else (now_ns - self._asked_ns) * 1e-9
        reasons = scene_look_wanted(replace(now, since_last_s=since_s), self._config)
        return [Job(3, ROLE, NO_TRACK, reasons, PRIORITY)] if reasons else []

    def ask(self, look: Admitted, now_ns: int) -> None:
        """Begin the look that was admitted."""
        if self._looks.ask(self._clip.images(), now_ns):
            self._asked_ns, self._pending = now_ns, (look, self._clip.stamp_ns)

    def poll(self, now_ns: int) -> tuple[Admitted, float] | None:
        """The look that has been answered since, and what it cost; None if none has."""
        answer = self._looks.answer(now_ns) if self._pending is not None else None
        if answer is None or self._pending is None:
            return None
        (look, stamp_ns), self._pending = self._pending, None
        insight = answer.insight
        self.report = SceneReport(stamp_ns, int(look.job.reasons), insight.surprise, dict(insight.facts))
        return look, answer.took_ms

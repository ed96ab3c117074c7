"""What a look of level 3 at the scene asks of tier 1: more care for a while, never less.

It may come late, or never: the robot is as safe without it.
"""

from __future__ import annotations

from perception.scene import Scene
from robot_runtime.profile_handover import Care

SURPRISING = 0.995  # share of ordinary clips that are less surprising: one false alarm in 200 looks
HOLDS_S = 3.0
CAREFUL = Care(margin_scale=1.5, speed_scale=0.5)
NONE = Care(1.0, 1.0)
_NS_PER_S = 1_000_000_000


def scene_care(scene: Scene | None, now_ns: int) -> tuple[Care, str]:
    """The care that the newest report of level 3 asks for, and why; no care and an empty text if none.

    Args:
        scene: newest.
        now_ns: this moment.
    """
    report = None if scene is None else scene.report
    if report is None or report.surprise is None or report.surprise < SURPRISING:
        return NONE, ""
    if not 0 <= now_ns - report.stamp_ns <= HOLDS_S * _NS_PER_S:
        return NONE, ""
    return CAREFUL, f"something unexpected happened in the scene (surprise {report.surprise:.3f})"


def more_careful(one: Care, other: Care) -> Care:
    """The care of both; workers that are late stay those of the first."""
    return Care(max(one.margin_scale, other.margin_scale), min(one.speed_scale, other.speed_scale), one.late)

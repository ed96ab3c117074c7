"""How well a scene model tells abnormal clips from normal ones, what it says of scenes, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass

import numpy as np

from models.roles import SceneModel
from models.training.clips import ANOMALIES, FACTS, NORMAL
from models.training.scene_measures import Judgement, scene_measures
from robot_runtime.report import Figure, figure
from rt_control.description import load_robot
from rt_control.errors import InputError
from sim.training_clips import FRAMES, Clip, TrainingClips

ALARM = 0.99  # of surprise: what is rarer than one normal clip in a hundred
BUDGET_MS = 500.0  # of level 3, DESIGN.md, section 7
LEAST_FRAMES = 2 * len(ANOMALIES) * FRAMES


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of showing clips to a model.

    Attributes:
        judged: what it said of each.
        times_ms: of each, with all that is done to the images.
    """

    judged: tuple[Judgement, ...]
    times_ms: tuple[float, ...]


def evaluation_clips(frames: int, seed: int) -> Iterator[Clip]:
    """Clips that no model was trained on, normal and abnormal in turn, every kind of anomaly equally often.

    Args:
        frames: images in all, four for each clip.
        seed: of the clips.

    Raises:
        InputError: they are too few for two clips of each kind, or there is no off-screen OpenGL.
    """
    if frames < LEAST_FRAMES:
        raise InputError(f"eval anomaly: {frames} frames; allowed: at least {LEAST_FRAMES}, a clip of each anomaly")
    world = TrainingClips(load_robot("arm7"), 3_000_000 + seed)  # not one of the seeds that shards are made from
    try:
        for index in range(frames // FRAMES):
            yield world.clip(ANOMALIES[index // 2 % len(ANOMALIES)] if index % 2 else None)
    finally:
        world.close()


def try_model(model: SceneModel, clips: Iterable[Clip]) -> Trial:
    """Show clips to a scene model.

    Raises:
        InputError: it says nothing of surprise, or not all of the facts.
    """
    judged, times_ms = [], []
    for clip in clips:
        begun = time.perf_counter()
        insight = model.observe(clip.rgb)
        times_ms.append(1e3 * (time.perf_counter() - begun))
        missing = [name for name in FACTS if name not in insight.facts]
        if insight.surprise is None or missing:
            raise InputError(
                f"eval anomaly: the scene model gives {'no surprise' if insight.surprise is None else 'surprise'}"
                f" and lacks {', '.join(missing) or 'no fact'}; bind one that gives surprise and {', '.join(FACTS)}"
            )
        said = np.array([insight.facts[name] > 0.5 for name in FACTS])
        anomaly = NORMAL if clip.anomaly is None else ANOMALIES.index(clip.anomaly)
        judged.append(Judgement(anomaly, insight.surprise, np.array(astuple(clip.facts)), said))
    return Trial(tuple(judged), tuple(times_ms))


def figures(trial: Trial) -> list[Figure]:
    """What came of it; nothing but the time has a target.

    Args:
        trial: of at least one normal and one abnormal clip.
    """
    kind = np.array([item.anomaly for item in trial.judged])
    alarm = np.array([item.surprise for item in trial.judged]) > ALARM
    measures = scene_measures(trial.judged)
    rows = [
        figure("normal clips", int((kind == NORMAL).sum())),
        figure("abnormal clips", int((kind != NORMAL).sum())),
        *(figure(f"AUROC, {name.removeprefix('AUROC ')}", value) for name, value in _named(measures, "AUROC ")),
        figure("AUROC, all", measures["AUROC"]),
        figure("false alarms", float(alarm[kind == NORMAL].mean()), note=f"normal clips with surprise above {ALARM:g}"),
        figure("found", float(alarm[kind != NORMAL].mean()), note=f"abnormal clips with surprise above {ALARM:g}"),
    ]
    for index, name in enumerate(ANOMALIES):
        if (kind == index).any():
            rows.append(figure(f"found, {name}", float(alarm[kind == index].mean())))
    often = np.mean([item.facts for item in trial.judged if item.anomaly == NORMAL], axis=0)
    for name, share in zip(FACTS, often, strict=True):
        always = float(max(share, 1.0 - share))
        rows.append(
            figure(f"right, {name}", measures[f"accuracy {name}"], note=f"who always says the same: {always:.2f}")
        )
    times = trial.times_ms
    rows.append(figure("time of a clip, p50", _percentile(times, 50.0), "ms"))
    rows.append(figure("time of a clip, p99", _percentile(times, 99.0), "ms", at_most=BUDGET_MS))
    return rows


def _named(measures: dict[str, float], prefix: str) -> list[tuple[str, float]]:
    return [(name, value) for name, value in measures.items() if name.startswith(prefix)]


def _percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(values, share))

"""How well a scene model tells what is unusual from what is not, and what it says of a scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.training.clips import ANOMALIES, FACTS, NORMAL
from models.training.measures import area_under_roc

LEAST_CLIPS = 200


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a model said of a clip.

    Attributes:
        anomaly: index into `ANOMALIES`, or `NORMAL`.
        surprise: the model's.
        facts: (6,) bool, that hold.
        said: (6,) bool, that the model takes to hold.
    """

    anomaly: int
    surprise: float
    facts: npt.NDArray[np.bool_]
    said: npt.NDArray[np.bool_]


def scene_measures(judged: Sequence[Judgement]) -> dict[str, float]:
    """`AUROC` of all anomalies, `AUROC NAME` of each kind that occurs, `accuracy NAME` of each fact in normal clips.

    Args:
        judged: normal and abnormal clips.
    """
    surprise = np.array([item.surprise for item in judged])
    kind = np.array([item.anomaly for item in judged])
    normal = surprise[kind == NORMAL]
    measures = {"AUROC": area_under_roc(surprise[kind != NORMAL], normal)}
    for index, name in enumerate(ANOMALIES):
        if (kind == index).any():
            measures[f"AUROC {name}"] = area_under_roc(surprise[kind == index], normal)
    right = np.array([item.said == item.facts for item in judged if item.anomaly == NORMAL])
    measures |= {f"accuracy {name}": float(share) for name, share in zip(FACTS, right.mean(axis=0), strict=True)}
    return measures


def surprise_quantiles(surprise: npt.NDArray[np.float64]) -> list[float]:
    """What is ordinary: quantiles of the surprise over normal clips (n,), at each hundredth; they rise.

    Raises:
        ValueError: there are too few clips, or too many of one surprise.
    """
    if len(surprise) < LEAST_CLIPS:
        raise ValueError(f"{len(surprise)} normal clips; allowed: at least {LEAST_CLIPS}, or hundredths mean nothing")
    values = np.quantile(np.asarray(surprise, dtype=np.float64), np.linspace(0.0, 1.0, 101))
    if (np.diff(values) <= 0.0).any():
        raise ValueError("surprise of normal clips takes too few values; allowed: a network that tells clips apart")
    return [float(f"{value:.6g}") for value in values]

"""How good predictions are, by the field's usual measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32] | npt.NDArray[np.float64]
NOTHING, IGNORED = -1, -2
RECALLS = np.linspace(0.0, 1.0, 101)  # where COCO reads precision


@dataclass(frozen=True, slots=True)
class Found:
    """Detections in one image: boxes (n, 4) px, scores (n,), labels (n,)."""

    boxes: Floats
    scores: Floats
    labels: npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Truth:
    """What is in one image: boxes (n, 4) px, labels (n,), and which need not be found (n,), too small or too hidden."""

    boxes: Floats
    labels: npt.NDArray[np.integer]
    ignored: npt.NDArray[np.bool_]


def intersection_over_union(one: Floats, other: Floats) -> Floats:
    """Of each box (n, 4) with each box (m, 4): (n, m)."""
    upper = np.minimum(one[:, None, 2:], other[None, :, 2:])
    lower = np.maximum(one[:, None, :2], other[None, :, :2])
    shared = np.clip(upper - lower, 0.0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    whole = areas[0][:, None] + areas[1][None, :] - shared
    overlap: npt.NDArray[np.float64] = np.divide(shared, whole, out=np.zeros(shared.shape), where=whole > 0.0)
    return overlap


def average_precision(
    found: Sequence[Found], truth: Sequence[Truth], classes: int, threshold: float = 0.5
) -> npt.NDArray[np.float64]:
    """Average precision of each class (classes,), as COCO counts it; NaN for a class that does not occur.

    Args:
        found: of each image.
        truth: of each image.
        classes: how many.
        threshold: intersection over union from which a detection is right.
    """
    result = np.full(classes, np.nan)
    for label in range(classes):
        wanted = sum(int(((item.labels == label) & ~item.ignored).sum()) for item in truth)
        if wanted == 0:
            continue
        scores, right = [np.zeros(0)], [np.zeros(0, dtype=bool)]
        for detections, present in zip(found, truth, strict=True):
            one, hit = matched(detections, present, label, threshold)
            scores.append(one)
            right.append(hit)
        result[label] = area_under_curve(np.concatenate(scores), np.concatenate(right), wanted)
    return result


def area_under_curve(scores: Floats, right: npt.NDArray[np.bool_], wanted: int) -> float:
    """Average precision of one class over many images.

    Args:
        scores: (n,) of all detections, see `matched`.
        right: (n,), whether each is.
        wanted: how many things there are; > 0.
    """
    hits = right[np.argsort(-scores, kind="stable")]
    if len(hits) == 0:
        return 0.0
    true_positives = np.cumsum(hits)
    recall = true_positives / wanted
    precision = true_positives / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, RECALLS, side="left")
    return float(np.where(at < len(precision), precision[np.minimum(at, len(precision) - 1)], 0.0).mean())


def matched(
    detections: Found, present: Truth, label: int, threshold: float = 0.5
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Scores of the detections of a class in one image, and whether each is right; those on ignored things left out."""
    mine = detections.labels == label
    boxes, scores = detections.boxes[mine], np.asarray(detections.scores[mine], dtype=np.float64)
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    counted = (present.labels == label) & ~present.ignored
    partner = partners(boxes, present.boxes, counted, present.ignored, threshold)
    kept = partner != IGNORED
    return scores[kept], partner[kept] >= 0


def partners(
    boxes: Floats, true: Floats, counted: npt.NDArray[np.bool_], ignored: npt.NDArray[np.bool_], threshold: float = 0.5
) -> npt.NDArray[np.intp]:
    """Which true box each found one stands for, (n,): its index, else NOTHING or IGNORED.

    Args:
        boxes: (n, 4) px, the best first: it has the first choice, and no true box is given twice.
        true: (m, 4) px.
        counted: (m,), those that may be found.
        ignored: (m,), those that need not be found; what lies on one of them is neither right nor wrong.
        threshold: intersection over union from which a detection is right.
    """
    overlaps = intersection_over_union(boxes, true)
    free = counted.copy()
    partner = np.full(len(boxes), NOTHING, dtype=np.intp)
    for index in range(len(boxes)):
        left = np.where(free, overlaps[index], 0.0)
        best = int(left.argmax()) if len(left) else 0
        if len(left) and left[best] >= threshold:
            free[best], partner[index] = False, best
        elif (ignored & (overlaps[index] >= threshold)).any():
            partner[index] = IGNORED
    return partner


def share_within(predicted: Floats, true: Floats, factor: float = 1.25) -> float:
    """Delta of Eigen et al. (arXiv:1406.2283): share of the pixels of known depth whose ratio is below the factor."""
    known = true > 0.0
    ratio = np.maximum(predicted[known] / true[known], true[known] / predicted[known])
    return float((ratio < factor).mean())


def area_under_roc(positive: Floats, negative: Floats) -> float:
    """Area under the receiver operating characteristic: how often a positive (n,) is above a negative (m,); ties half.

    The statistic of Mann and Whitney (1947), divided by n m.
    """
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    return float((below + not_above).mean() / 2.0 / len(negative))

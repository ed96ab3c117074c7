"""Stereo depth of 320x240 pairs in one thread: time beside plain block matching, errors beside the true depth."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from perception.stereo import LEAST_CONFIDENCE, matcher_for
from perception.stereo_depth import StereoDepth
from robot_runtime.report import Figure, Reference, figure
from rt_control.description import load_robot
from sim.stereo_pairs import StereoPair, StereoPairs, with_noise

PAIRS = 24
LOOKS = 5
NOISE_LEVELS = (0.0, 2.0)
BINS = 10
TARGET_MS = 20.0
TARGET_CALIBRATION = 0.05
BLOCK_MATCHING = (32, 13)  # disparities and px, the plain matcher of the same range
CONTENDED = 1.1  # wall over processor time of one thread: others were using the processor

Floats = npt.NDArray[np.float64]


def measure() -> list[Figure]:
    """Tables that the confidence was not fitted on, two of three with a person's arm, the arm anywhere about home."""
    cv2.setNumThreads(1)
    description = load_robot("arm7")
    source = StereoPairs(description)
    try:
        pairs = [source.take(seed) for seed in range(PAIRS)]
    finally:
        source.close()
    matcher = matcher_for(description.workcell, pairs[0].left)
    plain = cv2.StereoBM.create(*BLOCK_MATCHING)
    greys = [[cv2.cvtColor(side.rgb, cv2.COLOR_RGB2GRAY) for side in (pair.left, pair.right)] for pair in pairs]
    matcher.depth(pairs[0].left, pairs[0].right)  # the first call loads and allocates
    wall_ms: list[float] = []
    thread_ms: list[float] = []
    plain_ms: list[float] = []
    plain_thread_ms: list[float] = []
    for _ in range(LOOKS):
        for pair, grey in zip(pairs, greys, strict=True):
            _clock(partial(matcher.depth, pair.left, pair.right), wall_ms, thread_ms)
            _clock(partial(plain.compute, *grey), plain_ms, plain_thread_ms)
    share = statistics.median(wall_ms) / statistics.median(thread_ms)
    note = f"the thread waited for a processor: {share:.2f} x its own time" if share > CONTENDED else ""
    figures = [
        figure("one pair, p50", _quantile(wall_ms, 50), "ms", reference=_beside(plain_ms, 50)),
        figure(
            "one pair, p95",
            _quantile(wall_ms, 95),
            "ms",
            at_most=TARGET_MS,
            reference=_beside(plain_ms, 95),
            judged=not note,
            note=note,
        ),
        figure(
            "one pair, the thread's processor time, p95",
            _quantile(thread_ms, 95),
            "ms",
            at_most=TARGET_MS,
            reference=_beside(plain_thread_ms, 95),
        ),
    ]
    for noise in NOISE_LEVELS:
        figures += _quality(noise, [matcher.depth(*with_noise(pair, noise, 0)) for pair in pairs], pairs)
    return figures


def _clock(call: Callable[[], object], wall_ms: list[float], thread_ms: list[float]) -> None:
    begun, own = time.perf_counter_ns(), time.thread_time_ns()
    call()
    thread_ms.append((time.thread_time_ns() - own) / 1e6)
    wall_ms.append((time.perf_counter_ns() - begun) / 1e6)


def _quantile(samples: list[float], percent: float) -> float:
    return float(np.percentile(samples, percent))


def _beside(samples: list[float], percent: float) -> Reference:
    return Reference("StereoBM, no confidence", _quantile(samples, percent))


def _quality(noise: float, depths: list[StereoDepth], pairs: list[StereoPair]) -> list[Figure]:
    """Coverage, error and calibration over all pixels of all pairs."""
    known = [depth.depth_m > 0.0 for depth in depths]
    error_m = [np.abs(depth.depth_m - pair.depth_m) for depth, pair in zip(depths, pairs, strict=True)]
    confidence = np.concatenate([depth.confidence[mask] for depth, mask in zip(depths, known, strict=True)])
    error = np.concatenate([item[mask] for item, mask in zip(error_m, known, strict=True)])
    tolerance = np.concatenate([depth.tolerance_m[mask] for depth, mask in zip(depths, known, strict=True)])
    right, sure = error < tolerance, confidence > LEAST_CONFIDENCE
    pixels = sum(mask.size for mask in known)
    where = f", noise {noise:g} of 255" if noise else ""
    bound = f"confidence over {LEAST_CONFIDENCE:g}"
    return [
        figure(f"coverage{where}", 100.0 * len(confidence) / pixels, "% of pixels"),
        figure(f"coverage, {bound}{where}", 100.0 * float(sure.sum()) / pixels, "% of pixels"),
        figure(f"error of the depth, {bound}, median{where}", 1e3 * float(np.median(error[sure])), "mm"),
        figure(f"within 3 standard deviations, {bound}{where}", 100.0 * float(right[sure].mean()), "%"),
        figure(
            f"expected calibration error{where}",
            _calibration_error(confidence, right),
            at_most=TARGET_CALIBRATION,
            note="confidence: share right (share of pixels): " + _table(confidence, right),
        ),
    ]


def _bins(confidence: npt.NDArray[np.float32]) -> list[npt.NDArray[np.bool_]]:
    index = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [index == number for number in range(BINS) if (index == number).any()]


def _calibration_error(confidence: npt.NDArray[np.float32], right: npt.NDArray[np.bool_]) -> float:
    """Mean over the pixels of the difference between the confidence and the share that is right, by tenths."""
    members = _bins(confidence)
    return float(sum(abs(confidence[item].mean() - right[item].mean()) * item.mean() for item in members))


def _table(confidence: npt.NDArray[np.float32], right: npt.NDArray[np.bool_]) -> str:
    rows = (
        f"{confidence[item].mean():.2f}: {right[item].mean():.2f} ({item.mean():.1%})" for item in _bins(confidence)
    )
    return ", ".join(rows)

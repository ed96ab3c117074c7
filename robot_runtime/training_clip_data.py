"""Renders the clips that scene models are trained on and measured with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np

from models.training.clips import ANOMALIES, NORMAL, ClipShard
from robot_runtime.training_data import render_missing
from rt_control.description import load_robot
from sim.random_table import SEEN, Randomisation
from sim.training_clips import Clip, TrainingClips

CLIPS_PER_SHARD = 100
WIDTH, HEIGHT = 192, 144  # as they are stored


def render_clips(
    folder: Path,
    seed: int,
    clips: int,
    abnormal_share: float = 0.0,
    looks: Randomisation = SEEN,
    tell: Callable[[int, int], None] = lambda done, wanted: None,
) -> None:
    """Render what is missing of a set of clips; one that was interrupted goes on.

    Args:
        folder: of the set.
        seed: of the set; the same seed gives the same clips.
        clips: how many at least.
        abnormal_share: of the clips in which something happens, every kind of anomaly in turn; they come last.
        looks: of the objects.
        tell: called with how many clips are there, and how many there will be.

    Raises:
        InputError: there is no off-screen OpenGL.
    """
    description = load_robot("arm7")

    def make(shard_seed: int) -> ClipShard:
        world = TrainingClips(description, shard_seed, looks)
        try:
            abnormal = round(abnormal_share * CLIPS_PER_SHARD)
            kinds = [ANOMALIES[index % len(ANOMALIES)] for index in range(abnormal)]
            return _shard([world.clip(kind) for kind in [None] * (CLIPS_PER_SHARD - abnormal) + kinds])
        finally:
            world.close()

    render_missing(folder, seed, clips, CLIPS_PER_SHARD, make, tell)


def _shard(clips: list[Clip]) -> ClipShard:
    images = [
        [cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for image in clip.rgb] for clip in clips
    ]
    return ClipShard(
        rgb=np.array(images, dtype=np.uint8),
        facts=np.array([astuple(clip.facts) for clip in clips], dtype=bool),
        anomaly=np.array(
            [NORMAL if clip.anomaly is None else ANOMALIES.index(clip.anomaly) for clip in clips], dtype=np.int8
        ),
    )

"""Labelled images made by numpy: coloured squares before grey, each a thing of some slot."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.training.dataset import LABELS, OBJECT, PERSON, SLOTS, Shard

WIDTH, HEIGHT, FOCAL_PX = 320, 240, 300.0
DISTANCE_M = 0.8
VIEWS = 2  # of each group


def tiny_shard(groups: int, seed: int) -> Shard:
    """Groups of images with a thing of each shape and a person."""
    random = np.random.default_rng(seed)
    count = groups * VIEWS
    rgb = random.integers(100, 140, (count, HEIGHT, WIDTH, 3), dtype=np.uint8)
    instance = np.zeros((count, HEIGHT, WIDTH), dtype=np.uint8)
    objects = np.zeros((count, SLOTS), dtype=OBJECT)
    objects["label"] = -1
    for number in range(count):
        instance[number, :60, 200:260] = PERSON
        rgb[number, :60, 200:260] = (200, 150, 120)
        for slot, label in enumerate(LABELS, start=1):
            left, top = 20 + 70 * (slot - 1) + int(random.integers(0, 20)), int(random.integers(100, 180))
            part = (number, slice(top, top + 24), slice(left, left + 24))
            instance[part] = slot
            rgb[part] = np.array([(200, 20, 20), (20, 20, 200), (20, 200, 20), (220, 200, 20)][slot - 1])
            entry = objects[number, slot - 1]
            entry["label"], entry["identity"] = LABELS.index(label), slot
            entry["visible_px"] = 24 * 24
            entry["size_m"] = 24 / FOCAL_PX * DISTANCE_M
            pose = np.eye(4)
            middle = (left + 11.5 - (WIDTH - 1) / 2, top + 11.5 - (HEIGHT - 1) / 2, FOCAL_PX)
            pose[:3, 3] = np.array(middle) * DISTANCE_M / FOCAL_PX
            entry["pose_camera"] = pose
    return Shard(
        rgb=rgb,
        depth_m=np.full((count, HEIGHT // 2, WIDTH // 2), DISTANCE_M, dtype=np.float16),
        instance=instance,
        objects=objects,
        focal_px=np.full(count, FOCAL_PX, dtype=np.float32),
        group=np.repeat(np.arange(groups, dtype=np.int32), VIEWS),
    )


def tiny_data(folder: Path, groups: int = 3, seed: int = 0) -> Path:
    """A data set of one shard in a folder."""
    tiny_shard(groups, seed).save(folder / "shard-0000")
    return folder

"""Renders the data sets that models are trained on and measured with."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np

from models.training.dataset import LABELS, OBJECT, SLOTS, Shard
from models.training.shards import StoredArrays
from rt_control.description import load_robot
from sim.random_table import SEEN, UNSEEN, Randomisation
from sim.training_world import VIEWS_PER_GROUP, TrainingWorld, View

GROUPS_PER_SHARD = 50

Tell = Callable[[int, int], None]
# Unseen: things whose colours and sizes no training set holds.
Purpose = Literal["training", "held-out", "unseen", "tuning"]


def render_dataset(
    folder: Path,
    seed: int,
    views: int,
    looks: Randomisation = SEEN,
    tell: Tell = lambda done, wanted: None,
    groups_per_shard: int = GROUPS_PER_SHARD,
) -> None:
    """Render what is missing of a data set; one that was interrupted goes on.

    Args:
        folder: of the set.
        seed: of the set; the same seed gives the same images.
        views: how many at least.
        looks: of the objects.
        tell: called with how many images are there, and how many there will be.
        groups_per_shard: what is written at once.

    Raises:
        InputError: there is no off-screen OpenGL.
    """
    description = load_robot("arm7")

    def make(shard_seed: int) -> Shard:
        world = TrainingWorld(description, shard_seed, looks)
        try:
            return _shard([view for _ in range(groups_per_shard) for view in world.group()])
        finally:
            world.close()

    render_missing(folder, seed, views, groups_per_shard * VIEWS_PER_GROUP, make, tell)


def render_missing(
    folder: Path,
    seed: int,
    wanted: int,
    per_shard: int,
    make: Callable[[int], StoredArrays],
    tell: Callable[[int, int], None],
) -> None:
    """Make the shards that are missing.

    Args:
        folder: of the set.
        seed: of the set.
        wanted: entries, at least.
        per_shard: entries.
        make: a shard of a seed.
        tell: called with how many entries are there, and how many there will be.
    """
    os.environ.setdefault("LP_NUM_THREADS", "0")  # the renderer's threads cost more than they bring at this size
    count = -(-wanted // per_shard)
    for index in range(count):
        path = folder / f"shard-{index:04d}"
        if not path.exists():
            make(seed * 100_000 + index).save(path)
        tell((index + 1) * per_shard, count * per_shard)


def render_images(folder: Path, seed: int, count: int, purpose: Purpose, tell: Tell) -> None:
    """Render what is missing of a set of single images; at least `count`."""
    groups = min(GROUPS_PER_SHARD, -(-count // VIEWS_PER_GROUP))
    render_dataset(folder, seed, count, UNSEEN if purpose == "unseen" else SEEN, tell, groups)


def data_folder(folder: Path, kind: str, purpose: Purpose, seed: int, count: int) -> Path:
    """Where a data set lies."""
    return folder / "data" / f"{kind}-{purpose}-seed{seed}-{count}"


def _shard(views: list[View]) -> Shard:
    objects = np.zeros((len(views), SLOTS), dtype=OBJECT)
    objects["label"] = -1
    for row, view in zip(objects, views, strict=True):
        camera_from_base = np.linalg.inv(view.pose_base_from_camera)
        for item in view.objects:
            entry = row[item.slot - 1]
            entry["label"] = LABELS.index(item.label)
            entry["identity"], entry["visible_px"] = item.identity, item.visible_px
            entry["hidden_share"], entry["size_m"] = item.hidden_share, item.size_m
            entry["pose_camera"] = camera_from_base @ item.pose_base_from_object
    return Shard(
        rgb=np.stack([view.rgb for view in views]),
        depth_m=np.stack([view.depth_m[::2, ::2] for view in views]).astype(np.float16),
        instance=np.stack([view.instance for view in views]),
        objects=objects,
        focal_px=np.array([view.focal_px for view in views], dtype=np.float32),
        group=np.array([view.group for view in views], dtype=np.int32),
    )

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

import torch
from torch.nn import functional as F

from models.preprocessing import cut_out, square_windows
from models.training.dataset import Dataset, visible_boxes
from models.training.level_two import (
    MARGIN,
    LevelTwoRecipe,
    _contrast,
    _groups,
    _mask_loss,
    _matches,
    _targets,
    paste,
)
from models.training.networks import BINS, MASK
from tests.models.training.tiny_data import FOCAL_PX, tiny_data, tiny_shard


def test_a_mask_over_its_window_comes_back_where_it_was() -> None:
    shard = tiny_shard(1, 0)
    whole = shard.instance[0]
    box = visible_boxes(whole)[2]
    (window,) = square_windows(box[None], MARGIN)
    mask = cut_out((whole == 2).astype(np.uint8) * 255, window, MASK, MASK).astype(np.float32) / 255.0
    seen = paste(mask, window, whole.shape) > 0.5
    assert (seen & (whole == 2)).sum() / (seen | (whole == 2)).sum() > 0.9


def test_the_target_of_the_ninth_point_is_the_middle_of_the_thing() -> None:
    shard = tiny_shard(1, 0)
    box = visible_boxes(shard.instance[0])[1]
    (window,) = square_windows(box[None], MARGIN)
    label, _, _, *rest = _targets(shard, 0, 1, window, 0)
    points, extents = (np.asarray(item, dtype=np.float64) for item in rest)
    assert label == 0
    side = window[2] - window[0]
    middle = points[:, 8] / BINS * side + window[:2] - 0.5
    np.testing.assert_allclose(middle, np.tile((box[:2] + box[2:]) / 2.0 - 0.5, (2, 1)), atol=0.05)
    np.testing.assert_allclose(extents, 0.0, atol=1e-6)
    # The near face of a cube that is faced squarely is a square around the box, a little larger by perspective.
    spread = np.ptp(points[0, :8], axis=0) / BINS * side
    assert (spread > box[2:] - box[:2]).all()
    assert FOCAL_PX > 0


def test_a_batch_is_the_same_for_the_same_generator_and_its_loss_is_finite(tmp_path: Path) -> None:
    folder = tiny_data(tmp_path)
    recipe = LevelTwoRecipe("small", folder, folder)
    inputs, targets = recipe.batch(np.random.default_rng(3), 8)
    again, _ = recipe.batch(np.random.default_rng(3), 8)
    assert inputs.shape[1:] == (3, 64, 64)
    assert len(inputs) >= 8
    assert torch.equal(inputs, again)
    torch.manual_seed(0)
    losses = recipe.losses(recipe.network(), inputs, targets)
    assert set(losses) == {"shape", "mask", "points", "identity"}
    assert all(torch.isfinite(value) for value in losses.values())


def test_a_mask_as_it_is_has_less_loss_than_its_opposite() -> None:
    mask = torch.zeros(1, 8, 8)
    mask[:, 2:6, 2:6] = 1.0
    logits = (mask * 2.0 - 1.0) * 20.0
    assert float(_mask_loss(logits, mask)) == pytest.approx(0.0, abs=1e-3)
    assert float(_mask_loss(-logits, mask)) > 10.0


def test_embeddings_by_thing_have_less_loss_than_embeddings_by_shape() -> None:
    identity, label = torch.tensor([1, 1, 2, 2]), torch.tensor([0, 0, 0, 0])
    by_thing = F.one_hot(torch.tensor([0, 0, 1, 1]), 4).float()
    alike = F.one_hot(torch.tensor([0, 0, 0, 0]), 4).float()
    assert float(_contrast(by_thing, identity, label)) < 0.01
    assert float(_contrast(alike, identity, label)) > 0.5


def test_two_groups_of_one_shape_do_not_push_each_other_apart() -> None:
    """A red cube of one table may look exactly like that of another."""
    identity, label = torch.tensor([101, 101, 201, 201]), torch.zeros(4, dtype=torch.long)
    alike = F.one_hot(torch.tensor([0, 0, 0, 0]), 4).float()
    assert float(_contrast(alike, identity, label)) == pytest.approx(0.0, abs=1e-5)


def test_things_are_matched_between_the_images_of_a_group(tmp_path: Path) -> None:
    (group,) = _groups(Dataset(tiny_data(tmp_path, groups=1)))
    slots = np.array([slot for _, _, slot, _ in group])
    right = np.eye(8, dtype=np.float32)[slots]
    assert _matches(right, group) == [True] * len(group)
    wrong = np.eye(8, dtype=np.float32)[(slots + np.array([number for _, number, _, _ in group])) % 8]
    assert not all(_matches(wrong, group))


def test_things_of_two_shards_are_never_one_thing(tmp_path: Path) -> None:
    """Each shard numbers its tables and things from the beginning."""
    for number in range(2):
        tiny_shard(1, number).save(tmp_path / f"shard-{number:04d}")
    recipe = LevelTwoRecipe("small", tmp_path, tmp_path)
    _, targets = recipe.batch(np.random.default_rng(0), 64)
    assert len(torch.unique(targets["identity"])) == 2 * 4

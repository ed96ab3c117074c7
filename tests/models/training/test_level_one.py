from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the extra `train` is not installed")

import torch

from models.adapters.dynamical_level1 import boxes_of_cells, peaks
from models.training.level_one import IGNORED, LevelOneRecipe, _targets
from tests.models.training.tiny_data import tiny_data

WIDTH, HEIGHT = 320, 240


def logits_of(heat: np.ndarray) -> np.ndarray:
    share = np.clip(heat, 1e-6, 1.0 - 1e-6)
    return np.asarray(np.log(share / (1.0 - share)))


@given(
    left=st.floats(0.0, 250.0),
    top=st.floats(0.0, 180.0),
    width=st.floats(6.0, 60.0),
    height=st.floats(6.0, 50.0),
    label=st.integers(0, 4),
)
@settings(max_examples=40)
def test_the_adapter_reads_the_box_that_the_target_was_made_of(
    left: float, top: float, width: float, height: float, label: int
) -> None:
    box = np.array([[left, top, left + width, top + height]], dtype=np.float32)
    heat, weight, distances, inside = _targets(box, np.array([label]), WIDTH, HEIGHT)
    labels, cells, scores = peaks(logits_of(heat).astype(np.float32), 0.9, 10)
    assert labels.tolist() == [label]
    assert scores[0] > 0.99
    # A box of less than a cell's half does not reach the middle of its cell; this one does, or almost.
    np.testing.assert_allclose(boxes_of_cells(distances, cells), box, atol=0.6)
    assert weight.min() == 1.0
    assert inside.reshape(-1)[cells[0]] > 0.0


def test_what_need_not_be_found_teaches_nothing() -> None:
    box = np.array([[40.0, 40.0, 80.0, 80.0]], dtype=np.float32)
    heat, weight, _, inside = _targets(box, np.array([IGNORED]), WIDTH, HEIGHT)
    assert heat.max() == inside.max() == 0.0
    assert (weight[10:20, 10:20] == 0.0).all()
    assert weight.sum() == weight.size - 100


def test_a_box_that_a_zoom_has_mostly_cut_off_teaches_nothing() -> None:
    box = np.array([[-60.0, 40.0, 20.0, 80.0]], dtype=np.float32)
    heat, weight, _, _ = _targets(box, np.array([0]), WIDTH, HEIGHT)
    assert heat.max() == 0.0
    assert weight.min() == 0.0


def test_what_is_smaller_lies_on_top() -> None:
    boxes = np.array([[100.0, 100.0, 116.0, 116.0], [60.0, 60.0, 156.0, 156.0]], dtype=np.float32)
    _, _, distances, _ = _targets(boxes, np.array([0, 1]), WIDTH, HEIGHT)
    middle = np.array([27 * (WIDTH // 4) + 27])
    np.testing.assert_allclose(boxes_of_cells(distances, middle), boxes[:1], atol=1e-3)


def test_a_batch_is_the_same_for_the_same_generator_and_its_loss_is_finite(tmp_path: Path) -> None:
    folder = tiny_data(tmp_path)
    recipe = LevelOneRecipe("small", folder, folder)
    inputs, targets = recipe.batch(np.random.default_rng(3), 2)
    again, _ = recipe.batch(np.random.default_rng(3), 2)
    assert inputs.shape == (2, 3, 240, 320)
    assert torch.equal(inputs, again)
    assert 0.0 <= float(inputs.min()) <= float(inputs.max()) <= 1.0
    torch.manual_seed(0)
    losses = recipe.losses(recipe.network(), inputs, targets)
    assert set(losses) == {"heat", "box", "depth"}
    assert all(torch.isfinite(value) for value in losses.values())


def test_an_answer_as_the_target_has_no_box_and_no_depth_loss(tmp_path: Path) -> None:
    folder = tiny_data(tmp_path)
    recipe = LevelOneRecipe("small", folder, folder)
    inputs, targets = recipe.batch(np.random.default_rng(3), 2)
    depth = targets["depth"].clamp(min=1e-3).log()

    def oracle(_: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return torch.from_numpy(logits_of(targets["heat"].numpy())), targets["distances"], depth

    losses = recipe.losses(oracle, inputs, targets)  # type: ignore[arg-type]  # as a network is called
    assert float(losses["box"]) == pytest.approx(0.0, abs=1e-5)
    assert float(losses["depth"]) == pytest.approx(0.0, abs=1e-5)
    wrong = recipe.losses(
        lambda _: (torch.zeros_like(targets["heat"]), targets["distances"] + 0.5, depth + 0.1),  # type: ignore[arg-type]
        inputs,
        targets,
    )
    assert all(float(wrong[name]) > float(losses[name]) + 0.05 for name in losses)


def test_an_oracle_has_a_precision_of_one(tmp_path: Path) -> None:
    folder = tiny_data(tmp_path, groups=1)
    recipe = LevelOneRecipe("small", folder, folder)
    answers = []
    for index in range(2):
        boxes, labels = recipe._labelled(index)
        heat, _, distances, _ = _targets(boxes, labels, WIDTH, HEIGHT)
        depth = np.full((1, 1, 60, 80), np.log(0.8), dtype=np.float32)
        maps = (logits_of(heat)[None].astype(np.float32), distances[None], depth)
        answers.append(tuple(torch.from_numpy(item) for item in maps))
    measures = recipe.validate(lambda _: answers.pop(0))  # type: ignore[arg-type]  # as a network is called
    assert measures["ap50"] == measures["ap50 without classes"] == pytest.approx(1.0)
    assert measures["depth delta 1.25"] == 1.0

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from models.training.clips import FACTS  # noqa: E402
from models.training.scene import SceneRecipe, _patches  # noqa: E402
from models.training.scene_network import (  # noqa: E402
    HEIGHT,
    MOST_SURPRISING,
    SCENE,
    TOKENS,
    WIDTH,
    SceneNetwork,
    clip_surprise,
)  # fmt: skip


def network() -> SceneNetwork:
    torch.manual_seed(0)
    return SceneNetwork(SCENE["small"]).eval()


def test_the_outputs_are_one_of_each_for_every_clip() -> None:
    with torch.inference_mode():
        embedding, surprise, facts = network()(torch.rand(2, 4, 3, HEIGHT, WIDTH))
    assert embedding.shape == (2, SCENE["small"].token)
    assert surprise.shape == (2,) and (surprise >= 0.0).all()
    assert facts.shape == (2, len(FACTS))


def test_training_and_running_see_the_same_tokens() -> None:
    clip, tried = torch.rand(2, 4, 3, HEIGHT, WIDTH), network()
    with torch.inference_mode():
        learned = tried.learn(clip)
        _, surprise, _ = tried(clip)
    torch.testing.assert_close(clip_surprise(learned.tokens[:, -1], learned.predicted, learned.log_scale), surprise)


def test_the_prediction_does_not_see_the_image_that_it_predicts() -> None:
    clip, tried = torch.rand(1, 4, 3, HEIGHT, WIDTH), network()
    other = clip.clone()
    other[:, -1] = torch.rand(1, 3, HEIGHT, WIDTH)
    with torch.inference_mode():
        torch.testing.assert_close(tried.learn(clip).predicted, tried.learn(other).predicted)


def test_only_the_most_surprising_tokens_count_and_each_against_what_is_expected_there() -> None:
    tokens = torch.zeros(1, TOKENS, 5)
    predicted, log_scale = torch.zeros(1, TOKENS, 5), torch.zeros(1, TOKENS)
    predicted[0, :MOST_SURPRISING] = 2.0
    predicted[0, MOST_SURPRISING:] = 1.0
    assert clip_surprise(tokens, predicted, log_scale).item() == pytest.approx(2.0)
    log_scale[0, :MOST_SURPRISING] = 5.0  # there, such a difference is nothing unusual
    assert clip_surprise(tokens, predicted, log_scale).item() == pytest.approx(1.0)


def test_a_patch_is_read_at_half_its_size() -> None:
    clip = torch.zeros(1, 2, 3, HEIGHT, WIDTH)
    clip[0, 1, :, :16, 16:32] = 1.0  # the second patch of the first row
    patches = _patches(clip)
    assert patches.shape == (1, 2, TOKENS, 192)
    assert (patches[0, 1, 1] == 1.0).all() and patches.sum() == 192


def test_every_loss_reaches_the_part_that_it_trains() -> None:
    tried = network().train()
    with torch.no_grad():
        for parameter in tried.parameters():  # some begin at zero, and let nothing through before the first step
            parameter.add_(torch.randn_like(parameter), alpha=0.01)
    clip = torch.rand(8, 3, HEIGHT, WIDTH)
    targets = {"facts": torch.ones(4, len(FACTS)), "looks": torch.rand(4, 3, HEIGHT, WIDTH)}
    recipe = SceneRecipe.__new__(SceneRecipe)
    total = torch.stack(list(recipe.losses(tried, clip, targets).values())).sum()
    total.backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in tried.parameters())

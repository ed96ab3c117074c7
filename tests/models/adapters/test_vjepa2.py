from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.adapters.vjepa2 import ADAPTER, surprise_of
from models.errors import ModelOutputError
from rt_control.errors import InputError
from tests.models.adapters.rig import Written, manifest

HOW = ADAPTER.preprocessing
TOKENS = np.random.default_rng(0).standard_normal((1, 512, 6)).astype(np.float32)  # of 4 images of 256 x 256


def normalised(tokens: np.ndarray) -> np.ndarray:
    return np.asarray((tokens - tokens.mean(axis=-1, keepdims=True)) / tokens.std(axis=-1, keepdims=True))


def scene(network: Written) -> Any:
    return ADAPTER.make(network, manifest(ADAPTER, HOW))


def written(images: int | str = 4, **more: Any) -> Written:
    return Written({"pixel_values_videos": (1, images, 3, 256, 256)}, {"last_hidden_state": TOKENS, **more})


def clip(count: int) -> np.ndarray:
    """Images of 8 x 6 px, the k-th of which has the value 10 k everywhere."""
    return np.repeat(10 * np.arange(count, dtype=np.uint8), 6 * 8 * 3).reshape(count, 6, 8, 3)


def test_the_embedding_is_the_mean_of_the_tokens() -> None:
    insight = scene(written()).observe(clip(4))
    np.testing.assert_allclose(insight.embedding, TOKENS[0].mean(axis=0), atol=1e-5)
    assert insight.surprise is None and insight.facts == {}


def test_what_was_expected_is_no_surprise_and_the_rest_is_one_in_proportion() -> None:
    expected = normalised(TOKENS[:, 256:]).astype(np.float32)
    assert scene(written(predicted_hidden_state=expected)).observe(clip(4)).surprise == pytest.approx(0.0, abs=1e-4)
    assert scene(written(predicted_hidden_state=expected + 0.5)).observe(clip(4)).surprise == pytest.approx(
        0.5, abs=1e-4
    )


def test_the_last_tokens_are_those_that_were_predicted() -> None:
    assert surprise_of(normalised(TOKENS[0, -10:]).astype(np.float32), TOKENS[0]) < 1e-4
    assert surprise_of(normalised(TOKENS[0, :10]).astype(np.float32), TOKENS[0]) > 0.5


@pytest.mark.parametrize(("given", "chosen"), [(4, [0, 1, 2, 3]), (7, [0, 2, 4, 6]), (10, [0, 3, 6, 9])])
def test_of_a_longer_clip_equally_spaced_images_are_looked_at_in_order(given: int, chosen: list[int]) -> None:
    network = written()
    scene(network).observe(clip(given))
    seen = network.asked[0]["pixel_values_videos"]
    assert seen.shape == (1, 4, 3, 256, 256)
    red = (np.asarray(seen[0, :, 0, 0, 0], dtype=float) * 0.229 + 0.485) * 255.0
    np.testing.assert_allclose(red, 10.0 * np.array(chosen), atol=1e-3)


@pytest.mark.parametrize(
    ("images", "given", "message"), [(4, 3, "allowed: at least 4"), ("t", 3, "a positive multiple of 2")]
)
def test_a_clip_that_is_too_short_or_odd_is_refused(images: int | str, given: int, message: str) -> None:
    with pytest.raises(ValueError, match=f"clip of {given} images; {message}|{message}"):
        scene(written(images)).observe(clip(given))


def test_more_predictions_than_tokens_and_what_is_not_finite_are_refused() -> None:
    with pytest.raises(ModelOutputError, match=r"has shape \(600, 6\); allowed: \(1 to 512, 6\)"):
        scene(written(predicted_hidden_state=np.zeros((1, 600, 6), dtype=np.float32))).observe(clip(4))
    with pytest.raises(ModelOutputError, match=r"'predicted_hidden_state': 6 of 6 values are not finite"):
        scene(written(predicted_hidden_state=np.full((1, 1, 6), np.nan, dtype=np.float32))).observe(clip(4))


def test_tokens_of_another_network_are_refused() -> None:
    with pytest.raises(InputError, match=r"512 tokens for a clip; allowed: 1024"):
        scene(written(8))

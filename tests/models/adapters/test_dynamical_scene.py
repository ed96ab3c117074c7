from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.adapters.dynamical_scene import ADAPTER, share_below
from models.errors import ModelOutputError
from rt_control.errors import InputError
from tests.models.adapters.rig import Written, manifest, misfit_text

NAMES = ("person_present", "table_empty")
QUANTILES = [1.0, 2.0, 4.0]


def written(surprise: float = 3.0, facts: tuple[float, ...] = (-2.0, 3.0)) -> Written:
    answers = {
        "embedding": np.arange(5, dtype=np.float32)[None],
        "surprise": np.array([surprise], dtype=np.float32),
        "facts": np.array([facts], dtype=np.float32),
    }
    return Written({"clip": (1, 4, 3, 144, 192)}, answers)


def scene(network: Written, quantiles: Any = QUANTILES, names: tuple[str, ...] = NAMES) -> Any:
    return ADAPTER.make(network, manifest(ADAPTER, ADAPTER.preprocessing, {"surprise_quantiles": quantiles}, names))


def clip(count: int) -> np.ndarray:
    """Images of 8 x 6 px, the k-th of which has the value 10 k everywhere."""
    return np.repeat(10 * np.arange(count, dtype=np.uint8), 6 * 8 * 3).reshape(count, 6, 8, 3)


def test_facts_are_probabilities_by_name_and_the_embedding_is_the_networks() -> None:
    insight = scene(written()).observe(clip(4))
    assert insight.facts == pytest.approx(
        {"person_present": 1.0 / (1.0 + np.exp(2.0)), "table_empty": 1.0 / (1.0 + np.exp(-3.0))}
    )
    assert insight.embedding.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert not insight.embedding.flags.writeable


@pytest.mark.parametrize(
    ("raw", "share"), [(0.5, 0.0), (1.0, 0.0), (1.5, 0.25), (2.0, 0.5), (3.0, 0.75), (4.0, 1.0), (90.0, 1.0)]
)
def test_surprise_is_the_share_of_normal_clips_that_surprise_less(raw: float, share: float) -> None:
    assert scene(written(raw)).observe(clip(4)).surprise == pytest.approx(share)


@given(st.integers(0, 2**32 - 1))
def test_surprises_of_normal_clips_come_out_evenly_spread(seed: int) -> None:
    normal = np.random.default_rng(seed).gamma(2.0, size=500)
    quantiles = np.quantile(normal, np.linspace(0.0, 1.0, 101)).tolist()
    shares = np.sort([share_below(value, quantiles) for value in normal])
    np.testing.assert_allclose(shares, np.linspace(0.0, 1.0, 500), atol=0.011)


@pytest.mark.parametrize(("given", "chosen"), [(4, [0, 1, 2, 3]), (7, [0, 2, 4, 6]), (10, [0, 3, 6, 9])])
def test_of_a_longer_clip_equally_spaced_images_are_looked_at_in_order(given: int, chosen: list[int]) -> None:
    network = written()
    scene(network).observe(clip(given))
    seen = network.asked[0]["clip"]
    assert seen.shape == (1, 4, 3, 144, 192)
    value = np.asarray(seen, dtype=np.float64)[0, :, 0, 0, 0]
    np.testing.assert_allclose(255.0 * value, 10.0 * np.array(chosen), atol=1e-3)


def test_a_clip_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="clip of 3 images; allowed: at least 4"):
        scene(written()).observe(clip(3))


def test_a_surprise_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ModelOutputError, match="'surprise': 1 of 1 values are not finite"):
        scene(written(np.nan)).observe(clip(4))


@pytest.mark.parametrize("quantiles", [[2.0, 1.0], [1.0, 1.0, 2.0]])
def test_quantiles_that_do_not_rise_are_refused(quantiles: list[float]) -> None:
    with pytest.raises(InputError, match="surprise_quantiles fall or stay; allowed: rising numbers"):
        scene(written(), quantiles)


def test_without_quantiles_nothing_is_made() -> None:
    with pytest.raises(InputError, match="surprise_quantiles"):
        ADAPTER.make(written(), manifest(ADAPTER, ADAPTER.preprocessing, {}, NAMES))
    with pytest.raises(InputError, match=r"length >= 2"):
        scene(written(), [1.0])


def test_facts_without_names_are_refused() -> None:
    with pytest.raises(InputError, match="class_names: 1; allowed: one for each of 2 classes"):
        scene(written(), names=NAMES[:1])


def test_a_network_for_single_images_does_not_fit() -> None:
    network = Written({"clip": (1, 3, 144, 192)}, written().answers)
    assert "input 'clip' of float32 (1, 3, 144, 192)" in str(misfit_text(ADAPTER, network))

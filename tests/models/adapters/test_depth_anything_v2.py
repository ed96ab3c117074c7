from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from models.adapters.depth_anything_v2 import ADAPTER, depth_from_inverse
from models.errors import ModelOutputError
from models.preprocessing import Preprocessing
from rt_control.errors import InputError
from tests.models.adapters.rig import Written, manifest, photograph

HOW = ADAPTER.preprocessing


def estimator(values: np.ndarray, how: Preprocessing = HOW, **parameters: Any) -> Any:
    network = Written({"pixel_values": (1, 3, *values.shape)}, {"predicted_depth": values[None]})
    return ADAPTER.make(network, manifest(ADAPTER, how, parameters))


def ramp(low: float, high: float) -> np.ndarray:
    return np.tile(np.linspace(low, high, HOW.width, dtype=np.float32), (HOW.height, 1))


def test_metres_are_metres() -> None:
    depth = estimator(ramp(1.0, 3.0), metric=True).estimate(photograph())
    assert depth.metric
    assert depth.depth[:, 0] == pytest.approx(1.0, abs=1e-3) and depth.depth[:, -1] == pytest.approx(3.0, abs=1e-3)


def test_what_has_more_inverse_depth_is_nearer_in_proportion() -> None:
    depth = estimator(ramp(1.0, 4.0), metric=False).estimate(photograph())
    assert not depth.metric
    inverse = 1.0 / depth.depth[0]
    assert (np.diff(depth.depth[0]) <= 0.0).all()
    np.testing.assert_allclose(inverse, np.linspace(inverse[0], inverse[-1], len(inverse)), atol=0.01)


def test_the_sky_is_far_and_not_infinitely_far() -> None:
    values = np.zeros((2, 2), dtype=np.float32)
    values[0, 0] = 5.0
    depth = depth_from_inverse(values)
    assert depth.min() == pytest.approx(0.2) and depth.max() == pytest.approx(200.0)


def test_a_letterboxed_map_loses_its_padding() -> None:
    how = replace(HOW, width=686, height=686, fit="letterbox")
    values = np.full((686, 686), 9.0, dtype=np.float32)
    values[86:600] = 2.0  # where an image of 640 x 480 lies
    depth = estimator(values, how, metric=True).estimate(photograph())
    assert depth.depth.shape[0] == 514 and depth.depth.shape[1] / depth.depth.shape[0] == pytest.approx(4 / 3, abs=2e-3)
    assert depth.depth == pytest.approx(2.0)


def test_the_manifest_has_to_say_whether_it_is_metric() -> None:
    with pytest.raises(InputError, match=r"missing required field `metric`; depth_anything_v2 knows metric"):
        estimator(ramp(1.0, 2.0))


def test_a_size_that_no_patch_fits_is_refused() -> None:
    with pytest.raises(InputError, match=r"640 x 480 px; allowed: multiples of 14"):
        estimator(np.ones((480, 640), dtype=np.float32), replace(HOW, width=640, height=480), metric=True)


def test_no_depth_at_all_and_depth_that_is_not_finite_are_refused() -> None:
    with pytest.raises(ModelOutputError, match=r"largest inverse depth 0; allowed: > 0"):
        estimator(ramp(0.0, 0.0), metric=False).estimate(photograph())
    with pytest.raises(ModelOutputError, match=r"'predicted_depth': 355348 of 355348 values are not finite"):
        estimator(np.full_like(ramp(0.0, 1.0), np.nan), metric=True).estimate(photograph())

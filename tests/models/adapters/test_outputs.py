from __future__ import annotations

import numpy as np
import pytest

from models.adapters.outputs import CheckedNetwork, checked_output
from models.errors import ModelOutputError
from tests.models.adapters.rig import Written


def doubling(batch: int | str) -> tuple[Written, CheckedNetwork]:
    network = Written({"x": (batch, 2)}, lambda inputs: {"y": 2.0 * inputs["x"]})  # type: ignore[operator]
    return network, CheckedNetwork(network, "x", {"y": (2,)})


@pytest.mark.parametrize("batch", ["n", 1, 2, 3, 5, 8])
def test_every_image_is_answered_in_its_place_whatever_the_batch(batch: int | str) -> None:
    images = np.arange(10, dtype=np.float32).reshape(5, 2)
    network, checked = doubling(batch)
    np.testing.assert_array_equal(checked.run(images)["y"], 2.0 * images)
    sizes = [len(asked["x"]) for asked in network.asked]
    assert sizes == ([5] if batch == "n" else [batch] * -(-5 // int(batch)))


def test_the_network_gets_the_very_array_so_that_it_can_be_known_again() -> None:
    images = np.zeros((4, 2), dtype=np.float32)
    network, checked = doubling("n")
    checked.run(images)
    assert network.asked[0]["x"] is images


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_refused_with_how_much_of_it(wrong: float) -> None:
    values = np.zeros((2, 3), dtype=np.float32)
    values[0, 1] = wrong
    with pytest.raises(ModelOutputError, match=r"output 'y': 1 of 6 values are not finite; check its input"):
        checked_output({"y": values}, "y", (2, 3))


def test_a_missing_output_is_refused_with_those_there_are() -> None:
    with pytest.raises(ModelOutputError, match=r"no output 'y'; it gave a, b"):
        checked_output({"b": np.zeros(1), "a": np.zeros(1)}, "y", (1,))


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3), (1, 3, 5), ()])
def test_another_shape_is_refused_with_what_is_allowed(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelOutputError, match=r"allowed: \(1, 3, any, 5\)"):
        checked_output({"y": np.zeros(shape)}, "y", (1, 3, None, 5))

from __future__ import annotations

import pytest

from models import adapters
from models.adapters import Adapter, TensorPattern
from models.backends.backend import TensorSpec
from rt_control.errors import InputError

PAIR = Adapter(
    name="pair",
    roles=("features",),
    inputs=(TensorPattern(("n", 3, "side", "side")),),
    outputs=(TensorPattern(("n", "d")), TensorPattern(("n",), "int64", name="label")),
    make=lambda network, manifest: network,
)
IMAGE = TensorSpec("image", "float32", ("batch", 3, 8, 8))
VECTOR = TensorSpec("vector", "float32", ("batch", 16))
LABEL = TensorSpec("label", "int64", ("batch",))


def test_a_network_of_the_expected_tensors_fits() -> None:
    assert PAIR.misfit([IMAGE], [VECTOR, LABEL]) is None


def test_a_tensor_with_a_name_is_found_at_any_place_and_further_outputs_are_ignored() -> None:
    extra = TensorSpec("extra", "bool", ())
    assert PAIR.misfit([IMAGE], [VECTOR, extra, LABEL]) is None


@pytest.mark.parametrize(
    ("inputs", "outputs", "found", "expected"),
    [
        ([], [VECTOR, LABEL], "0 inputs (none)", "1, as adapter pair feeds"),
        ([IMAGE, LABEL], [VECTOR, LABEL], "2 inputs (image, label)", "1, as adapter pair feeds"),
        ([IMAGE], [VECTOR], "1 outputs (vector)", "2, as adapter pair reads"),
        ([IMAGE], [VECTOR, VECTOR], "outputs vector, vector", "'label' among them, for adapter pair"),
        (
            [TensorSpec("image", "float16", (1, 3, 8, 8))], [VECTOR, LABEL],
            "input 'image' of float16 (1, 3, 8, 8)", "float32 (n, 3, side, side), for adapter pair",
        ),
        (
            [TensorSpec("image", "float32", (1, 3, 8))], [VECTOR, LABEL],
            "input 'image' of float32 (1, 3, 8)", "float32 (n, 3, side, side), for adapter pair",
        ),
        (
            [TensorSpec("image", "float32", (1, 4, 8, 8))], [VECTOR, LABEL],
            "input 'image' of float32 (1, 4, 8, 8)", "float32 (n, 3, side, side) with n = 1, for adapter pair",
        ),
        (
            [TensorSpec("image", "float32", (1, 3, 8, 9))], [VECTOR, LABEL],
            "input 'image' of float32 (1, 3, 8, 9)", "float32 (n, 3, side, side) with n = 1, side = 8, for adapter pair",
        ),
        (
            [TensorSpec("image", "float32", (1, 3, 8, 8))], [TensorSpec("vector", "float32", (2, 16)), LABEL],
            "output 'vector' of float32 (2, 16)", "float32 (n, d) with n = 1",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(
    inputs: list[TensorSpec], outputs: list[TensorSpec], found: str, expected: str
) -> None:
    misfit = PAIR.misfit(inputs, outputs)
    assert misfit is not None
    assert misfit[0] == found
    assert misfit[1].startswith(expected)


def test_every_adapter_is_found_by_its_name() -> None:
    for name, adapter in adapters.ADAPTERS.items():
        assert adapters.get(name) is adapter


def test_an_unknown_adapter_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match="adapter 'other' is not known; known: pair"):
        adapters.get("other", {"pair": PAIR})

"""One test body for every backend. `fake TensorRT` is the real backend over a fake of the library and of CUDA."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.backends.backend import Backend, Network
from models.errors import ModelFileError, NetworkInputError
from tests.models.backends.conformance import SUBJECTS, Subject

X = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture(scope="module", params=SUBJECTS, ids=lambda subject: subject.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    return request.param  # type: ignore[no-any-return]  # pytest has no type for it


@pytest.fixture(scope="module")
def backend(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Backend:
    return subject.backend(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def file_of(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Files of the small networks, each made once."""
    folder = tmp_path_factory.mktemp("networks")

    def make(name: str) -> Path:
        path = folder / f"{name}{subject.suffix}"
        return path if path.exists() else getattr(subject.networks(), name)(path)  # type: ignore[no-any-return]

    return make


@pytest.fixture(scope="module")
def affine(backend: Backend, file_of: Callable[[str], Path]) -> Iterator[Network]:
    network = backend.load(file_of("affine"))
    yield network
    network.close()


def test_a_network_says_what_it_wants_and_gives(affine: Network) -> None:
    (x,), (y,) = affine.inputs, affine.outputs
    assert (x.name, x.dtype, x.shape[1]) == ("x", "float32", 3)
    assert (y.name, y.dtype, y.shape[1]) == ("y", "float32", 3)
    assert isinstance(x.shape[0], str)
    assert isinstance(y.shape[0], str)


def test_a_backend_that_can_be_used_says_no_reason_why_not(backend: Backend) -> None:
    assert backend.why_not() is None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=arrays.arrays(np.float32, st.tuples(st.integers(1, 16), st.just(3)), elements=st.floats(-1e3, 1e3, width=32)))
def test_answers_are_right_for_any_batch(affine: Network, x: np.ndarray) -> None:
    np.testing.assert_allclose(affine.run({"x": x})["y"], 2.0 * x + 1.0, rtol=1e-6, atol=1e-6)


def test_an_element_of_a_batch_gets_the_answer_that_it_gets_alone(affine: Network) -> None:
    together = affine.run({"x": X})["y"]
    alone = [affine.run({"x": X[index : index + 1]})["y"][0] for index in range(len(X))]
    np.testing.assert_array_equal(together, alone)


def test_several_inputs_and_outputs_are_told_apart_by_name(backend: Backend, file_of: Callable[[str], Path]) -> None:
    network = backend.load(file_of("sum_and_product"))
    a, b = X[:, :2], X[:, 1:] + 5.0
    answers = network.run({"b": b, "a": a})
    assert set(answers) == {"sum", "product"}
    np.testing.assert_allclose(answers["sum"], a + b)
    np.testing.assert_allclose(answers["product"], a * b)
    network.close()


def test_a_convolution_with_fixed_sizes_and_whole_numbers_among_its_answers(
    backend: Backend, file_of: Callable[[str], Path]
) -> None:
    network = backend.load(file_of("convolution"))
    image = np.zeros((1, 1, 4, 5), np.float32)
    image[0, 0, 1:4, 2:5] = 9.0
    for _ in range(3):  # a backend may take other ways the second and third time
        answers = network.run({"image": image})
        assert answers["map"].shape == (1, 1, 4, 5)
        assert answers["map"][0, 0, 2, 3] == pytest.approx(9.0)
        assert answers["map"][0, 0, 0, 0] == pytest.approx(0.0)
        assert answers["best"].tolist() == [2 * 5 + 3]
        assert answers["best"].dtype == np.int64
    network.close()


def test_answers_of_one_run_are_not_changed_by_the_next(affine: Network) -> None:
    first = affine.run({"x": X})["y"]
    kept = first.copy()
    second = affine.run({"x": -X})["y"]
    np.testing.assert_array_equal(first, kept)
    assert not np.shares_memory(first, second)


def test_inputs_are_neither_changed_nor_kept(affine: Network) -> None:
    x = X.copy()
    answer = affine.run({"x": x})["y"]
    np.testing.assert_array_equal(x, X)
    x[:] = 7.0
    np.testing.assert_allclose(answer, 2.0 * X + 1.0)


def test_read_only_and_strided_inputs_are_taken(affine: Network) -> None:
    wide = np.zeros((2, 6), np.float32)
    wide[:, ::2] = X
    view = wide[:, ::2]
    view.flags.writeable = False
    np.testing.assert_allclose(affine.run({"x": view})["y"], 2.0 * X + 1.0)


def test_two_networks_beside_each_other_do_not_mix(
    backend: Backend, subject: Subject, file_of: Callable[[str], Path], tmp_path: Path
) -> None:
    first = backend.load(file_of("affine"))
    second = backend.load(subject.networks().affine(tmp_path / f"other{subject.suffix}", factor=-3.0))
    for _ in range(3):
        np.testing.assert_allclose(first.run({"x": X})["y"], 2.0 * X + 1.0)
        np.testing.assert_allclose(second.run({"x": X})["y"], -3.0 * X + 1.0)
    first.close()
    np.testing.assert_allclose(second.run({"x": X})["y"], -3.0 * X + 1.0)
    second.close()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "missing: x; it wants exactly x"),
        ({"z": X}, "missing: x; unknown: z; it wants exactly x"),
        ({"x": X, "z": X}, "unknown: z; it wants exactly x"),
        ({"x": X.astype(np.float64)}, "input 'x' is float64; it wants a numpy array of float32"),
        ({"x": X.tolist()}, "input 'x' is list; it wants a numpy array of float32"),
        ({"x": X[:, :2]}, r"input 'x' has shape \(2, 2\); it wants \(.*, 3\)"),
        ({"x": X[0]}, r"input 'x' has shape \(3,\)"),
        ({"x": X[:0]}, r"input 'x' has shape \(0, 3\); .*none of them 0"),
        ({"x": np.full_like(X, np.nan)}, "input 'x' holds NaN or infinity; every value must be finite"),
        ({"x": np.where(X > 4, np.inf, X).astype(np.float32)}, "input 'x' holds NaN or infinity"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_inputs_that_do_not_fit_are_refused(affine: Network, inputs: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(NetworkInputError, match=message):
        affine.run(inputs)
    np.testing.assert_allclose(affine.run({"x": X})["y"], 2.0 * X + 1.0)


def test_a_size_of_one_name_must_be_one_size_in_all_inputs(backend: Backend, file_of: Callable[[str], Path]) -> None:
    network = backend.load(file_of("sum_and_product"))
    with pytest.raises(NetworkInputError, match=r"input 'b' has shape \(1, 2\); it wants \(.* = 2, 2\)"):
        network.run({"a": X[:, :2], "b": X[:1, :2]})
    network.close()


def test_finite_inputs_whose_sum_overflows_are_taken(affine: Network) -> None:
    x = np.full((2, 3), 1.2e38, np.float32)
    np.testing.assert_allclose(affine.run({"x": x})["y"], 2.0 * x)


def test_a_closed_network_is_not_run_and_may_be_closed_again(backend: Backend, file_of: Callable[[str], Path]) -> None:
    network = backend.load(file_of("affine"))
    network.run({"x": X})
    network.close()
    network.close()
    with pytest.raises(NetworkInputError, match="the network is closed; load it again"):
        network.run({"x": X})


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_a_truncated_file_is_refused(
    backend: Backend, file_of: Callable[[str], Path], subject: Subject, tmp_path: Path, share: float
) -> None:
    content = file_of("convolution").read_bytes()
    path = tmp_path / f"cut{subject.suffix}"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelFileError, match="cut.*cannot load it"):
        backend.load(path)


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"garbage" * 1000, bytes(range(256)) * 16])
def test_garbage_is_refused(backend: Backend, subject: Subject, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / f"garbage{subject.suffix}"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="garbage.*cannot load it"):
        backend.load(path)


def test_a_file_that_is_not_there_is_refused(backend: Backend, subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="absent.*cannot load it"):
        backend.load(tmp_path / f"absent{subject.suffix}")

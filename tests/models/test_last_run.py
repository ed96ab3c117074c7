from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from models.backends.backend import Array, TensorSpec
from models.last_run import LastRun


class Doubling:
    inputs = (TensorSpec("x", "float32", ("n",)),)
    outputs = (TensorSpec("y", "float32", ("n",)),)

    def __init__(self) -> None:
        self.runs = 0
        self.closed = False

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        self.runs += 1
        return {"y": inputs["x"] * np.float32(2.0)}  # type: ignore[operator]  # a generic of numpy

    def close(self) -> None:
        self.closed = True


def read_only(*values: float) -> Array:
    array = np.array(values, np.float32)
    array.flags.writeable = False
    return array


def test_the_very_same_arrays_are_run_once() -> None:
    network = Doubling()
    shared = LastRun(network)
    x = read_only(1.0, 2.0)
    first, second = shared.run({"x": x}), shared.run({"x": x})
    assert network.runs == 1
    assert first["y"] is second["y"]
    assert first is not second


def test_an_equal_array_is_another_array() -> None:
    network = Doubling()
    shared = LastRun(network)
    shared.run({"x": read_only(1.0)})
    shared.run({"x": read_only(1.0)})
    assert network.runs == 2


def test_an_array_that_can_be_written_is_run_each_time() -> None:
    network = Doubling()
    shared = LastRun(network)
    x = np.ones(1, np.float32)
    shared.run({"x": x})
    x[:] = 3.0
    assert shared.run({"x": x})["y"].tolist() == [6.0]
    assert network.runs == 2


def test_only_the_last_run_is_remembered() -> None:
    network = Doubling()
    shared = LastRun(network)
    a, b = read_only(1.0), read_only(2.0)
    assert [shared.run({"x": x})["y"].item() for x in (a, b, a)] == [2.0, 4.0, 2.0]
    assert network.runs == 3


def test_an_array_that_is_remembered_lives_so_that_no_other_takes_its_identity() -> None:
    network = Doubling()
    shared = LastRun(network)
    answers = [shared.run({"x": read_only(float(value))})["y"].item() for value in range(50)]
    assert answers == [2.0 * value for value in range(50)]


def test_answers_are_read_only_for_they_are_shared() -> None:
    answer = LastRun(Doubling()).run({"x": read_only(1.0)})["y"]
    with pytest.raises(ValueError, match="read-only"):
        answer[0] = 5.0


def test_a_run_that_fails_is_not_remembered() -> None:
    class Failing(Doubling):
        def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
            super().run(inputs)
            if self.runs == 2:
                raise RuntimeError("once")
            return {"y": np.full(1, self.runs, np.float32)}

    shared = LastRun(Failing())
    a, b = read_only(1.0), read_only(2.0)
    shared.run({"x": a})
    with pytest.raises(RuntimeError):
        shared.run({"x": b})
    assert shared.run({"x": b})["y"].item() == 3.0


def test_closing_closes_the_network_and_forgets() -> None:
    network = Doubling()
    shared = LastRun(network)
    x = read_only(1.0)
    shared.run({"x": x})
    shared.close()
    assert network.closed
    shared.run({"x": x})
    assert network.runs == 2  # asked, so that the network itself says that it is closed


def test_it_says_what_the_network_wants_and_gives() -> None:
    shared = LastRun(Doubling())
    assert (shared.inputs, shared.outputs) == (Doubling.inputs, Doubling.outputs)

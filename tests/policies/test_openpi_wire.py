from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.roles import PolicyMoment
from policies import openpi_wire
from policies.openpi_wire import WireError, actions_of, moment_of, pack, question, unpack


def array_map(**changes: Any) -> dict[bytes, Any]:
    values = {b"__ndarray__": True, b"data": bytes(8), b"dtype": "<f4", b"shape": [2]}
    return values | {key.encode(): value for key, value in changes.items()}


def test_arrays_and_numbers_come_back_as_they_were() -> None:
    sent = {"a": np.arange(6.0).reshape(2, 3), "b": [1, "x"], "c": {"d": np.float32(2.5)}, "e": np.zeros(0, np.float32)}
    got = unpack(pack(sent))
    assert (got["a"] == sent["a"]).all()
    assert got["b"] == [1, "x"]
    assert got["c"] == {"d": 2.5}
    assert got["e"].shape == (0,)


def test_an_array_looks_on_the_wire_as_openpi_s_client_has_it() -> None:
    raw = msgspec.msgpack.decode(pack({"a": np.zeros(2, np.float32)}))
    assert raw == {"a": {b"__ndarray__": True, b"data": bytes(8), b"dtype": "<f4", b"shape": [2]}}


def test_a_question_is_the_moment_again() -> None:
    moment = PolicyMoment(
        np.arange(25, dtype=np.float32),
        np.ones(10, np.float32),
        np.zeros((16, 8), np.float32),
        np.linspace(1.0, 0.0, 16, dtype=np.float32),
        7,
    )
    got = moment_of(unpack(pack(question(moment))))
    assert (got.state == moment.state).all()
    assert got.prefix is not None
    assert got.prefix.shape == (16, 8)
    assert got.seed == 7
    plain = moment_of(unpack(pack(question(PolicyMoment(moment.state, moment.target)))))
    assert plain.prefix is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (bytes(openpi_wire.LONGEST_MESSAGE + 1), "allowed: 1048576"),
        (b"\xc1", "no MessagePack"),
        (msgspec.msgpack.encode([1]), "is list; allowed: a map"),
        (msgspec.msgpack.encode({"a": array_map(dtype="|O")}), "dtype '|O'"),
        (msgspec.msgpack.encode({"a": array_map(shape=[3])}), "other than as many bytes"),
        (msgspec.msgpack.encode({"a": array_map(shape=[-1])}), "allowed: a list of sizes"),
        (msgspec.msgpack.encode({"a": array_map(shape=[1 << 20] * 5)}), "other than as many bytes"),
        (msgspec.msgpack.encode({"a": [[[[[[[[[[1]]]]]]]]]]}), "nested deeper"),
    ],
)
def test_what_is_no_message_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(WireError, match=said.replace("|", r"\|")):
        unpack(data)


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        (None, "actions: NoneType"),
        (np.zeros(3, np.float32), r"actions: shape \(3,\)"),
        (np.zeros((0, 8), np.float32), r"actions of shape \(0, 8\)"),
        (np.zeros((2, 500), np.float32), r"actions of shape \(2, 500\)"),
        (np.full((2, 8), np.nan, np.float32), "actions: not finite"),
    ],
)
def test_actions_that_no_robot_can_do_are_refused(actions: np.ndarray | None, said: str) -> None:
    with pytest.raises(WireError, match=said):
        actions_of({"actions": actions})


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_message_or_refused(data: bytes) -> None:
    with contextlib.suppress(WireError):
        moment_of(unpack(data))

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud import scene_wire
from models.roles import SceneInsight
from rt_control.errors import InputError

CLIP = np.random.default_rng(1).integers(0, 255, scene_wire.SHAPE, dtype=np.uint8)


def test_a_clip_arrives_as_it_was_sent() -> None:
    sent = scene_wire.encode_question(CLIP)
    assert len(sent) <= scene_wire.QUESTION_BYTES
    assert np.array_equal(scene_wire.decode_question(sent), CLIP)


@pytest.mark.parametrize("surprise", [None, 0.0, 0.25, 1.0])
def test_an_answer_arrives_as_it_was_sent(surprise: float | None) -> None:
    insight = SceneInsight(np.linspace(-2, 2, 96, dtype=np.float32), surprise, {"person": 0.5})
    got = scene_wire.decode_answer(scene_wire.encode_answer(insight))
    assert np.array_equal(got.embedding, insight.embedding)
    assert (got.surprise, got.facts) == (surprise, {"person": 0.5})


@pytest.mark.parametrize(
    ("shape", "pixels"),
    [((4, 144, 192, 3), b"short"), ((1, 1, 1, 3), b"abc"), ((4, 144, 192, -3), b""), ((), b"")],
)
def test_a_clip_of_another_shape_is_refused(shape: tuple[int, ...], pixels: bytes) -> None:
    with pytest.raises(InputError, match=r"question: a clip of shape .* allowed: \[4, 144, 192, 3\]"):
        scene_wire.decode_question(msgspec.msgpack.encode({"shape": shape, "pixels": pixels}))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"embedding": [1.0], "surprise": 1.5, "facts": {}}, "surprise and facts"),
        ({"embedding": [1.0], "surprise": math.nan, "facts": {}}, "surprise and facts"),
        ({"embedding": [1.0], "surprise": 0.5, "facts": {"person": -0.1}}, "surprise and facts"),
        ({"embedding": [math.inf], "surprise": 0.5, "facts": {}}, "not finite"),
        ({"embedding": [1e300], "surprise": 0.5, "facts": {}}, "not finite"),
        ({"embedding": [0.0], "surprise": 0.5, "facts": {str(n): 2.0 for n in range(100)}}, "100 facts"),
        ({"embedding": [0.0] * 5000, "surprise": 0.5, "facts": {}}, "5000 numbers"),
        ({"embedding": [0.0], "surprise": 0.5, "facts": {}, "stop": True}, "unknown field"),
        ({"embedding": "no", "surprise": 0.5, "facts": {}}, "another language"),
    ],
)
def test_an_answer_that_cannot_be_one_is_refused(answer: dict[str, object], why: str) -> None:
    with pytest.raises(InputError, match=why):
        scene_wire.decode_answer(msgspec.msgpack.encode(answer))


def test_a_key_that_is_no_text_is_refused() -> None:
    sent = msgspec.msgpack.encode({"embedding": [0.0], "surprise": 0.5, "facts": {"person": 0.5}})
    with pytest.raises(InputError, match="another language"):
        scene_wire.decode_answer(sent.replace(b"person", b"\xff" * 6))


@given(st.binary(max_size=200))
def test_bytes_that_mean_nothing_are_refused_in_one_line(data: bytes) -> None:
    for decode in (scene_wire.decode_answer, scene_wire.decode_question):
        with pytest.raises(InputError) as refusal:
            decode(data)
        assert "\n" not in str(refusal.value)

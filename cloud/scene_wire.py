"""What a robot that asks elsewhere for a look at the scene sends, and what it gets: MessagePack, nothing executable.

Images go as they are: a look is the same wherever it is taken, and what arrives needs no decoder that could be fooled.
"""

from __future__ import annotations

import math
from typing import TypeVar

import msgspec
import numpy as np

from models.roles import SceneInsight
from perception.level_three import HEIGHT, IMAGES, WIDTH, Pixels
from rt_control.errors import InputError

SHAPE = (IMAGES, HEIGHT, WIDTH, 3)
QUESTION_BYTES = math.prod(SHAPE) + 1024  # at most
ANSWER_BYTES = 1 << 18  # at most
EMBEDDING = 4096  # numbers, at most
FACTS = 64  # at most

Message = TypeVar("Message", bound=msgspec.Struct)


class _Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    shape: tuple[int, ...]
    pixels: bytes


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    embedding: tuple[float, ...]
    surprise: float | None
    facts: dict[str, float]


def encode_question(clip: Pixels) -> bytes:
    """A clip, (4, 144, 192, 3) RGB, as it is sent."""
    return msgspec.msgpack.encode(_Question(clip.shape, clip.tobytes()))


def decode_question(data: bytes) -> Pixels:
    """The clip of a question; read-only.

    Raises:
        InputError: it is none.
    """
    question = _decode(data, _Question)
    if question.shape != SHAPE or len(question.pixels) != math.prod(SHAPE):
        raise InputError(
            f"question: a clip of shape {list(question.shape)} in {len(question.pixels)} bytes; allowed: {list(SHAPE)}"
            " of one byte each; send what `encode_question` makes"
        )
    return np.frombuffer(question.pixels, dtype=np.uint8).reshape(SHAPE)


def encode_answer(insight: SceneInsight) -> bytes:
    """What a look showed, as it is sent."""
    return msgspec.msgpack.encode(_Answer(tuple(insight.embedding.tolist()), insight.surprise, insight.facts))


def decode_answer(data: bytes) -> SceneInsight:
    """What a look elsewhere showed.

    Raises:
        InputError: it cannot be that; whoever answers is not believed without a check.
    """
    answer = _decode(data, _Answer)
    if len(answer.embedding) > EMBEDDING or len(answer.facts) > FACTS:
        raise InputError(
            f"answer: {len(answer.embedding)} numbers and {len(answer.facts)} facts; allowed: {EMBEDDING} and {FACTS};"
            " the service is broken, or is another"
        )
    shares = [*answer.facts.values(), *(() if answer.surprise is None else (answer.surprise,))]
    if not all(0.0 <= value <= 1.0 for value in shares):
        raise InputError(f"answer: surprise and facts {shares}; allowed: 0 to 1; the service is broken, or is another")
    with np.errstate(over="ignore"):
        embedding = np.array(answer.embedding, dtype=np.float32)
    if not np.isfinite(embedding).all():
        raise InputError("answer: the embedding is not finite; the service is broken, or is another")
    return SceneInsight(embedding, answer.surprise, answer.facts)


def _decode(data: bytes, kind: type[Message]) -> Message:
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(
            f"{kind.__name__.strip('_').lower()}: {error}; the other side speaks another language"
        ) from None

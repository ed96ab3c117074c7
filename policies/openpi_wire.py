"""What travels between a robot and a policy elsewhere: MessagePack with arrays, as openpi has it. Nothing is executed.

Protocol: https://github.com/Physical-Intelligence/openpi, packages/openpi-client. A server greets with a map that
describes it; each question is a map of the robot's observation, each answer one with `actions` (k, axes); an answer
that is text says what went wrong.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from models.roles import Floats, PolicyMoment
from rt_control.errors import DynamicalError

STATE, TARGET, PREFIX, PREFIX_WEIGHT, SEED = (
    "observation/state",
    "observation/environment_state",
    "prefix",
    "prefix_weight",
    "seed",
)
ACTIONS, SPACING, KNOTS, SEAM, TAKES_PREFIX = "actions", "spacing_s", "knots", "seam", "takes_prefix"
LONGEST_MESSAGE = 1 << 20
DTYPES = frozenset({"<f4", "<f8", "<i4", "<i8", "|u1", "|b1"})
MOST_AXES = 64
MOST_KNOTS = 256
DEEPEST = 8

Array = npt.NDArray[Any]
Message = dict[str, Any]


class WireError(DynamicalError):
    """What came over the wire cannot be used."""


def pack(message: Message) -> bytes:
    """A message as bytes; arrays and numpy's numbers anywhere in it."""
    return msgspec.msgpack.encode(message, enc_hook=_to_wire)


def unpack(data: bytes) -> Message:
    """A message from bytes that anybody may have sent.

    Raises:
        WireError: it is too long, no MessagePack, no map, or an array in it is not what it says.
    """
    if len(data) > LONGEST_MESSAGE:
        raise WireError(f"message of {len(data)} bytes; allowed: {LONGEST_MESSAGE}")
    try:
        message = msgspec.msgpack.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:  # also text that is none
        raise WireError(f"message is no MessagePack: {error}") from None
    if not isinstance(message, dict):
        raise WireError(f"message is {type(message).__name__}; allowed: a map")
    return {str(key): _from_wire(value, 0) for key, value in message.items()}


def question(moment: PolicyMoment) -> Message:
    """What a policy is asked about a moment."""
    message: Message = {STATE: moment.state, TARGET: moment.target, SEED: moment.seed}
    if moment.prefix is not None and moment.prefix_weight is not None:
        message |= {PREFIX: moment.prefix, PREFIX_WEIGHT: moment.prefix_weight}
    return message


def moment_of(message: Message) -> PolicyMoment:
    """The moment that a question is about.

    Raises:
        WireError: something is missing, or of another shape.
    """
    prefix, weight = message.get(PREFIX), message.get(PREFIX_WEIGHT)
    seed = message.get(SEED, 0)
    return PolicyMoment(
        floats(message, STATE, 1),
        floats(message, TARGET, 1),
        None if prefix is None or weight is None else floats(message, PREFIX, 2),
        None if prefix is None or weight is None else floats(message, PREFIX_WEIGHT, 1),
        seed if isinstance(seed, int) and seed >= 0 else 0,
    )


def actions_of(message: Message) -> Floats:
    """Positions (k, axes) of an answer.

    Raises:
        WireError: there are none, or so many as no robot has.
    """
    actions = floats(message, ACTIONS, 2)
    if not 0 < actions.shape[0] <= MOST_KNOTS or not 0 < actions.shape[1] <= MOST_AXES:
        raise WireError(f"{ACTIONS} of shape {actions.shape}; allowed: up to ({MOST_KNOTS}, {MOST_AXES})")
    return actions


def floats(message: Message, name: str, dimensions: int) -> Floats:
    """An array of a message, of finite numbers.

    Raises:
        WireError: it is missing, no array, of other dimensions, or not finite.
    """
    value = message.get(name)
    if not isinstance(value, np.ndarray) or value.ndim != dimensions:
        found = f"shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
        raise WireError(f"{name}: {found}; allowed: an array of {dimensions} dimensions")
    numbers: Floats = value.astype(np.float32)
    if not np.isfinite(numbers).all():
        raise WireError(f"{name}: not finite")
    return numbers


def _to_wire(value: object) -> object:
    """What msgspec does not know by itself; NotImplementedError is how it is told that nobody does."""
    if isinstance(value, np.ndarray):
        if value.dtype.str not in DTYPES:
            raise NotImplementedError(f"an array of {value.dtype} cannot be sent; allowed: {', '.join(sorted(DTYPES))}")
        return {b"__ndarray__": True, b"data": value.tobytes(), b"dtype": value.dtype.str, b"shape": value.shape}
    if isinstance(value, np.generic):
        return {b"__npgeneric__": True, b"data": value.item(), b"dtype": value.dtype.str}
    raise NotImplementedError(f"{type(value).__name__} cannot be sent")


def _from_wire(value: object, depth: int) -> object:
    if depth > DEEPEST:
        raise WireError(f"message is nested deeper than {DEEPEST}")
    if isinstance(value, list):
        return [_from_wire(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if b"__ndarray__" in value:
        return _array(value)
    if b"__npgeneric__" in value:
        return value.get(b"data")
    return {str(key): _from_wire(item, depth + 1) for key, item in value.items()}


def _array(value: dict[Any, Any]) -> Array:
    data, dtype, shape = value.get(b"data"), value.get(b"dtype"), value.get(b"shape")
    if dtype not in DTYPES:
        raise WireError(f"array of dtype {dtype!r}; allowed: {', '.join(sorted(DTYPES))}")
    if not isinstance(shape, list) or not all(isinstance(size, int) and 0 <= size <= LONGEST_MESSAGE for size in shape):
        raise WireError(f"array of shape {shape!r}; allowed: a list of sizes")
    count = math.prod(shape) if len(shape) <= 4 else -1
    if not isinstance(data, bytes) or len(data) != count * np.dtype(dtype).itemsize:
        raise WireError(f"array of shape {shape} and dtype {dtype} with other than as many bytes")
    return np.frombuffer(data, dtype=dtype).reshape(shape)

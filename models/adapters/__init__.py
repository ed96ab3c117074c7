"""Adapters by name: each understands one kind of network."""

from __future__ import annotations

from collections.abc import Mapping

from models.adapters import (
    action_chunk,
    depth_anything_v2,
    dinov3,
    dynamical_level1,
    dynamical_level2,
    dynamical_scene,
    rtmpose,
    sam3,
    vjepa2,
    yolo,
)
from models.adapters.adapter import Adapter, TensorPattern
from rt_control.errors import InputError

__all__ = ["ADAPTERS", "Adapter", "TensorPattern", "get"]

_ALL: tuple[Adapter, ...] = (
    action_chunk.CHUNK_ADAPTER,
    action_chunk.FLOW_ADAPTER,
    depth_anything_v2.ADAPTER,
    dinov3.ADAPTER,
    dynamical_level1.ADAPTER,
    dynamical_level2.ADAPTER,
    dynamical_scene.ADAPTER,
    rtmpose.ADAPTER,
    sam3.ADAPTER,
    vjepa2.ADAPTER,
    yolo.ADAPTER,
)
ADAPTERS: Mapping[str, Adapter] = {adapter.name: adapter for adapter in _ALL}


def get(name: str, known: Mapping[str, Adapter] = ADAPTERS) -> Adapter:
    """The adapter of a name.

    Raises:
        InputError: there is none; the message lists those there are.
    """
    if name not in known:
        raise InputError(f"adapter {name!r} is not known; known: {', '.join(sorted(known)) or 'none'}")
    return known[name]

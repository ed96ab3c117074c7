"""The backends by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from models.backends.backend import Backend
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.backends.torch_backend import TorchBackend
from rt_control.errors import InputError

BACKENDS: Mapping[str, Callable[[], Backend]] = {"onnxruntime": OnnxRuntimeBackend, "torch": TorchBackend}
DEFAULT = "onnxruntime"


def get(name: str) -> Backend:
    """A backend with its defaults; whether it can be used here, its `why_not` says.

    Raises:
        InputError: there is none of that name; the message lists those there are.
    """
    if name not in BACKENDS:
        raise InputError(f"backend {name!r} is not known; known: {', '.join(BACKENDS)}")
    return BACKENDS[name]()

"""What the conformance suite is run over: each backend with a way to make the small networks in its own format."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from models.backends.backend import Backend
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.backends.torch_backend import TorchBackend
from tests.models import networks


@dataclass(frozen=True)
class Subject:
    """A backend under test; `cache` is a folder of its own for what it keeps."""

    name: str
    suffix: str
    backend: Callable[[Path], Backend]
    networks: Callable[[], ModuleType]


def torch_networks() -> ModuleType:
    from tests.models import torch_networks

    return torch_networks


SUBJECTS = [Subject("onnxruntime", ".onnx", lambda cache: OnnxRuntimeBackend(), lambda: networks)]
if importlib.util.find_spec("torch") is not None:
    SUBJECTS.append(Subject("torch", ".pt2", lambda cache: TorchBackend(), torch_networks))

"""A folder of shipped models with one sound model, for the tests of registry, activation and commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.adding import Addition, add
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.registry import Registry
from tests.models import networks


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """Of an empty user's folder and no shipped models."""
    with Registry(tmp_path / "user", tmp_path / "shipped", networks.ADAPTERS) as registry:
        yield registry


@pytest.fixture
def onnx_file(tmp_path: Path) -> Path:
    return networks.vision(tmp_path / "Eyes V1.onnx")


@pytest.fixture
def add_eyes(registry: Registry, onnx_file: Path) -> Callable[[], Path]:
    """Adds a model `eyes` for detector and depth and returns its folder."""

    def make() -> Path:
        addition = Addition(onnx_file, ("detector", "depth"), "test_vision", "MIT", "eyes")
        return add(registry, addition, OnnxRuntimeBackend()).folder

    return make

"""Live robots for scenario tests: real processes, their own folder in shared memory, nothing left behind."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def shared_root() -> Iterator[Path]:
    """A root of run directories of this test alone; it must be empty when the test ends."""
    root = Path(tempfile.mkdtemp(prefix="dyn-", dir="/dev/shm"))
    yield root
    left = [str(path.relative_to(root)) for path in root.rglob("*")]
    shutil.rmtree(root)
    assert not left, f"left behind in shared memory: {left}"

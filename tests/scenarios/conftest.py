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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how often a test was made again because the whole host stalled while it ran."""
    repeats = [
        f"{report.nodeid}: stalled for {value:.2f} s"
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "repeated_because_the_host_stalled_s" and report.when == "call"
    ]
    if repeats:
        terminalreporter.section("repeated because the host stalled")
        terminalreporter.write_line(f"{len(repeats)} times")
        for line in repeats:
            terminalreporter.write_line(line)

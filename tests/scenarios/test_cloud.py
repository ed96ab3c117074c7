"""The cloud as a real process, frozen and killed for real, with a robot that has no room for level 3 itself."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.live_faults import FaultRun

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
SMALL = (("capacity = 1090.0", "capacity = 930.0"), ("burst = 165.0", "burst = 5.0"))


@pytest.fixture
def cloud() -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "robot_runtime.cli", "cloud", "up", "--embedded", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().split()[3].rstrip(";")
    yield process, url
    process.kill()
    process.communicate()


@pytest.fixture
def small_device(tmp_path: Path) -> str:
    """The budget of a device that has no room for level 3."""
    text = (ROOT / "perception" / "budgets" / "cpu_two_cores.toml").read_text()
    for old, new in SMALL:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "small.toml"
    path.write_text(text)
    return str(path)


def test_a_cloud_that_freezes_and_dies_costs_looks_at_the_scene_and_nothing_else(
    cloud: tuple[subprocess.Popen[str], str], small_device: str, shared_root: Path
) -> None:
    process, url = cloud
    with FaultRun(shared_root, cloud=url, device=small_device) as run:
        run.until_fast()
        run.until(lambda: connectivity(run) == "Online", "the cloud")
        run.until(lambda: looks(run, "run") > 0, "a look of the cloud at the scene")

        process.send_signal(signal.SIGSTOP)
        run.until(lambda: connectivity(run) == "Offline", "that the cloud is silent")
        run.until_fast()
        taken = looks(run, "run")

        process.send_signal(signal.SIGCONT)
        run.until(lambda: connectivity(run) == "Online", "the cloud again")
        run.until(lambda: looks(run, "run") > taken, "looks again")

        process.kill()
        run.until(lambda: connectivity(run) == "Offline", "that the cloud is gone")
        run.until_fast()
        assert run.robot.view is not None
        assert run.robot.view.status.compute == "FullCompute"
        assert run.latched_fault() == "none", run.describe()
        assert not run.robot.events, run.describe()
        run.assert_inside_limits()


def connectivity(run: FaultRun) -> str:
    return "" if run.robot.view is None else run.robot.view.status.connectivity


def looks(run: FaultRun, outcome: str) -> int:
    """How many looks of level 3 ended so."""
    if run.robot.view is None:
        return 0
    ledger = run.robot.view.board.get("/perception/ledger")
    return 0 if not isinstance(ledger, dict) else int(ledger["level3"][outcome])

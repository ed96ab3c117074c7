"""The cloud as a real process, frozen and killed for real, with a robot that has no room for level 3 itself."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cloud.app import make_app
from models.roles import SceneInsight
from perception.level_three import Pixels
from robot_runtime.scene_care import CAREFUL
from tests.cloud.serving import served
from tests.scenarios.live_faults import FaultRun

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
SETTLED_S = 3.0
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
        time.sleep(SETTLED_S)  # what was under way when it froze has failed by now
        taken, failed = looks(run, "run"), looks(run, "failed")
        run.until_fast()
        assert (looks(run, "run"), looks(run, "failed")) == (taken, failed), "somebody was asked while Offline"

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


class Watcher:
    """Whoever looks at scenes elsewhere: finds them as surprising as the test wants."""

    def __init__(self) -> None:
        self.surprise = 0.0

    def observe(self, clip: Pixels) -> SceneInsight:
        return SceneInsight(np.zeros(4, dtype=np.float32), self.surprise, {})


def test_what_surprises_the_cloud_makes_the_robot_careful_for_a_while(small_device: str, shared_root: Path) -> None:
    watcher = Watcher()
    with served(make_app(watcher)) as url, FaultRun(shared_root, cloud=url, device=small_device) as run:

        def speed_scale() -> float:
            state = run.robot.state()
            return 1.0 if state is None else float(state.speed_scale)

        run.until(lambda: looks(run, "run") > 0, "a look of the cloud at the scene")
        run.until_fast()
        assert speed_scale() == 1.0
        watcher.surprise = 0.999
        run.until(lambda: speed_scale() <= CAREFUL.speed_scale, "care")
        run.until(lambda: "something unexpected" in caution(run), "the reason, as people see it")
        watcher.surprise = 0.0
        run.until(lambda: speed_scale() == 1.0, "the end of it")
        run.until_fast()
        assert run.latched_fault() == "none", run.describe()
        run.assert_inside_limits()


def caution(run: FaultRun) -> str:
    return "" if run.robot.view is None else run.robot.view.status.caution


def connectivity(run: FaultRun) -> str:
    return "" if run.robot.view is None else run.robot.view.status.connectivity


def looks(run: FaultRun, outcome: str) -> int:
    """How many looks of level 3 ended so."""
    if run.robot.view is None:
        return 0
    ledger = run.robot.view.board.get("/perception/ledger")
    return 0 if not isinstance(ledger, dict) else int(ledger["level3"][outcome])

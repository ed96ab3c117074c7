from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from rt_control._native import DriveStateReader, FrameReader, HeartbeatReader, ProcessState, Source
from rt_control.channels import RunDirectory
from rt_control.description import RobotDescription, compile_model
from sim import plant_process, view
from sim.score import Score
from sim.world_state import stamp_of

pytestmark = pytest.mark.live

LIMIT_S = 60.0
Found = TypeVar("Found")


@pytest.fixture
def run(arm7: RobotDescription, tmp_path: Path) -> Iterator[RunDirectory]:
    cameras = {camera.name: (camera.width, camera.height, camera.depth) for camera in arm7.camera}
    with RunDirectory.create("arm7", compile_model(arm7), cameras, root=tmp_path / "run") as directory:
        yield directory


@pytest.fixture
def start(run: RunDirectory, arm7: RobotDescription) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def begin(module: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", module, "--run-dir", str(run.directory), "--robot", str(arm7.path)]
        process = subprocess.Popen([*command, *arguments], text=True, stderr=subprocess.PIPE)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def wait_for(read: Callable[[], Found | None], good: Callable[[Found], bool] = lambda _: True) -> Found:
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        found = read()
        if found is not None and good(found):
            return found
        time.sleep(0.005)
    raise AssertionError("it did not come")


def test_the_plant_runs_until_sigterm_and_leaves_its_score(
    run: RunDirectory, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    score_file = tmp_path / "score.json"
    process = start("sim.plant_process", "--seed", "3", "--score-file", str(score_file))
    state = wait_for(DriveStateReader(run.path("drive.state")).read, lambda item: item.cycle > 200)
    assert state.axes == 8
    assert state.dilation >= 0.99, "lost time is never caught up"
    assert state.stamp_ns <= time.monotonic_ns()
    beat = wait_for(HeartbeatReader(run.path("heartbeat.plant")).read)
    assert (beat.source, beat.state, beat.pid) == (Source.plant, ProcessState.healthy, process.pid)
    process.terminate()
    assert process.wait(LIMIT_S) == 0
    lines = score_file.read_bytes().splitlines()
    assert len(lines) == 1
    assert msgspec.json.decode(lines[0], type=Score).objects_total == 4


@pytest.mark.sim
def test_the_cameras_follow_the_plant_and_number_on_after_a_restart(
    run: RunDirectory, start: Callable[..., subprocess.Popen[str]], arm7: RobotDescription
) -> None:
    start("sim.plant_process")
    cameras = start("sim.camera_process")
    readers = {camera.name: FrameReader(run.path(f"frame.{camera.name}")) for camera in arm7.camera}
    for camera in arm7.camera:
        header, rgb, depth = wait_for(readers[camera.name].read, lambda item: item[0].number >= 3)
        assert rgb.shape == (camera.height, camera.width, 3)
        assert rgb.std() > 10.0
        assert (depth is not None) == camera.depth
        assert 0 < header.stamp_ns <= time.monotonic_ns()
    cameras.terminate()
    assert cameras.wait(LIMIT_S) == 0
    last = wait_for(readers["rgbd"].read)[0].number
    start("sim.camera_process")
    assert wait_for(lambda: readers["rgbd"].read(last))[0].number == last + 1


@pytest.mark.sim
def test_while_the_plant_stands_still_the_cameras_live_and_count_no_image(
    run: RunDirectory, start: Callable[..., subprocess.Popen[str]]
) -> None:
    plant = start("sim.plant_process")
    start("sim.camera_process")
    reader = HeartbeatReader(run.path("heartbeat.cameras"))
    wait_for(reader.read, lambda beat: beat.count >= 3)
    plant.send_signal(signal.SIGSTOP)
    stopped_ns = time.monotonic_ns()
    # The image of the last world may still be under way.
    settled = wait_for(reader.read, lambda beat: beat.stamp_ns > stopped_ns + 1_000_000_000)
    later = wait_for(reader.read, lambda beat: beat.stamp_ns > settled.stamp_ns + 500_000_000)
    assert later.count == settled.count
    plant.send_signal(signal.SIGCONT)
    wait_for(reader.read, lambda beat: beat.count > settled.count)


def test_an_emergency_stop_by_argument_opens_the_chain(
    run: RunDirectory, start: Callable[..., subprocess.Popen[str]]
) -> None:
    from rt_control._native import DriveStatus

    start("sim.plant_process", "--estop-open-s", "0.1")
    reader = DriveStateReader(run.path("drive.state"))
    state = wait_for(reader.read, lambda item: bool(item.status & DriveStatus.emergency_stop))
    assert state.cycle >= 100


def test_the_stamp_of_the_world_is_when_the_drives_were_measured(
    run: RunDirectory, start: Callable[..., subprocess.Popen[str]]
) -> None:
    from rt_control._native import BytesReader

    start("sim.plant_process")
    before_ns = time.monotonic_ns()
    content = wait_for(BytesReader(run.path("world")).read, lambda item: stamp_of(item) > before_ns)
    assert stamp_of(content) <= time.monotonic_ns()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--robot", "armx"), "robot 'armx' is unknown; allowed: arm7"),
        (("--robot", "arm7", "--person", "{}"), "person: '{}' is not a path"),
        (("--robot", "arm7"), "is not the directory of a running robot"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line(
    arguments: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plant_process.main(["--run-dir", str(tmp_path / "nowhere"), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_view_without_a_display_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert view.main(["--run-dir", "nowhere", "--robot", "arm7"]) == 2
    assert "no display for --view" in capsys.readouterr().err

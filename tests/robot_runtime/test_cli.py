from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from robot_runtime import agent_api as api
from robot_runtime import cli
from robot_runtime.outlets import Outlets
from robot_runtime.run_options import RunOptions
from robot_runtime.run_result import RunResult
from rt_control.channels import RunDirectory
from rt_control.description import load_robot
from rt_control.errors import ChannelError, InputError
from rt_control.model_compiler import compile_model

RESULT = RunResult(
    outcome="SUCCESS",
    objects_sorted=4,
    objects_total=4,
    modes_entered=("FullCompute", "Offline"),
    interventions=3,
    deadline_misses=1,
    cycles=42_000,
    duration_s=42.0,
    realtime="fifo",
    time_dilation=1.01,
)


class Runner:
    """Stands in for the robot: keeps what it was asked, and answers as the test says."""

    def __init__(self) -> None:
        self.asked: list[RunOptions] = []
        self.answer: RunResult | BaseException = RESULT

    def run(self, options: RunOptions) -> RunResult:
        self.asked.append(options)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Runner:
    standing_in = Runner()
    module = ModuleType("robot_runtime.run")
    module.__dict__["run"] = standing_in.run
    monkeypatch.setitem(sys.modules, "robot_runtime.run", module)
    return standing_in


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


def test_a_successful_run_prints_a_summary_and_returns_0(runner: Runner, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--seed", "7", "--lockstep"]) == 0
    asked = runner.asked[0]
    assert (asked.seed, asked.lockstep, asked.progress, asked.mission.name) == (7, True, True, "sort_table.xml")
    text = capsys.readouterr().out
    assert "SUCCESS" in text
    assert "4 of 4" in text
    assert "FullCompute, Offline" in text


def test_with_json_on_standard_output_nothing_else_is_printed_there(
    runner: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "--json", "-"]) == 0
    assert runner.asked[0].progress is False
    result = json.loads(capsys.readouterr().out)
    wanted = (
        "outcome objects_sorted objects_total modes_entered interventions deadline_misses cycles duration_s realtime"
    )
    assert {*wanted.split(), "time_dilation"} <= result.keys()
    assert result["modes_entered"] == ["FullCompute", "Offline"]


def test_the_devices_of_the_machine_are_named_on_the_command_line_and_nowhere_else(runner: Runner) -> None:
    assert cli.main(["run"]) == 0
    assert cli.main(["run", "--scope", "chip:17", "--relay", "tty", "--watchdog", "dog"]) == 0
    assert [asked.outlets for asked in runner.asked] == [Outlets(), Outlets("chip:17", "tty", "dog")]


def test_a_run_in_which_the_physics_disagrees_returns_1(runner: Runner) -> None:
    import msgspec

    runner.answer = msgspec.structs.replace(RESULT, objects_sorted=3)
    assert cli.main(["run"]) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [(InputError("robot 'x' is unknown"), 2), (ChannelError("the state is gone"), 1)],
)
def test_a_refusal_is_one_line_on_standard_error(
    runner: Runner, capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    runner.answer = error
    assert cli.main(["run"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert lines(captured.err) == [f"dynamical: error: {error}"]


def test_ctrl_c_ends_with_130_and_without_a_traceback(runner: Runner, capsys: pytest.CaptureFixture[str]) -> None:
    runner.answer = KeyboardInterrupt()
    assert cli.main(["run"]) == 130
    assert lines(capsys.readouterr().err) == ["dynamical: stopped by Ctrl-C"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fly"], "invalid choice: 'fly'"),
        (["run", "--seed", "-3"], "'-3' is no seed; give a whole number of at least 0; see `dynamical run --help`"),
        (["run", "--seed", "many"], "'many' is no seed"),
        (["run", "--duration", "0"], "'0' is no duration; give seconds above 0"),
        (["run", "--duration", "nan"], "'nan' is no duration"),
        (["run", "no_such_mission"], "'no_such_mission'"),
        (
            ["run", "--json", "/no/such/folder/result.json"],
            "cannot write '/no/such/folder/result.json'; give a file in",
        ),
        (["run", "--lockstep", "--view"], "--view is for a live run, and --lockstep is none: leave out one of them"),
        (["run", "--lockstep", "--attended"], "--attended is for a live run"),
        (["run", "--lockstep", "--relay", "tty"], "--relay is for a live run, and --lockstep is none"),
        (["run", "--scope", ""], "--scope is empty; name a device, e.g. /dev/gpiochip0:17, or leave it out"),
        (["bench", "--page", "/no/such/folder/page.md"], "cannot write '/no/such/folder/page.md'"),
        (["bench", "--json", "."], "cannot write '.'"),
        (["campaign", "sorting", "--count", "x"], "'x' is no count; give a whole number of at least 1"),
        (["campaign", "sorting", "--count", "0"], "'0' is no count"),
        (["rt", "clean"], "the following arguments are required: robot"),
        (["mission", "show", "no_such_mission"], "'no_such_mission'"),
        (["robot", "check", "arm8"], "'arm8'"),
        (["robot", "import", "no_such_model.xml"], "there is no such file"),
        (["bench", "no_such_benchmark"], "no_such_benchmark"),
    ],
)
def test_bad_input_is_refused_in_one_line_with_code_2(
    runner: Runner,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
    arguments: list[str],
    says: str,
) -> None:
    from robot_runtime.commands import bench

    (tmp_path / "channels.py").write_text('"""Channels."""')
    monkeypatch.setattr(bench, "BENCHMARKS", tmp_path)
    assert cli.main(arguments) == 2
    (line,) = lines(capsys.readouterr().err)
    assert line.startswith("dynamical: error: ")
    assert says in line
    assert runner.asked == [], "it is refused before anything starts"


def test_the_viewer_without_a_display_is_refused_before_anything_starts(
    runner: Runner, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert cli.main(["run", "--view"]) == 2
    assert "no display" in capsys.readouterr().err
    assert runner.asked == []


def test_without_a_command_the_help_is_shown_and_the_code_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "dynamical run" in capsys.readouterr().out


def test_every_command_has_a_help_text(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("run", "mission check", "robot import", "rt status", "rt estop", "rt reset", "rt clean", "bench"):
        with pytest.raises(SystemExit) as ended:
            cli.main([*command.split(), "--help"])
        assert ended.value.code == 0
        assert f"usage: dynamical {command}" in capsys.readouterr().out


def test_the_command_line_is_read_without_loading_what_the_commands_run() -> None:
    heavy = "numpy mujoco cv2 zmq msgspec rich py_trees scipy rt_control._native"
    program = (
        "import sys; from robot_runtime import cli; cli.parser(); "
        f"print(*[name for name in {heavy.split()!r} if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == ""


@pytest.fixture
def robot_root(tmp_path: Path) -> Iterator[Path]:
    """Folder of the run directory of a robot that runs."""
    arm7 = load_robot("arm7")
    with RunDirectory.create("arm7", compile_model(arm7), {}, tmp_path):
        yield tmp_path


@contextmanager
def agent(root: Path, reply: api.Reply) -> Iterator[list[api.Request]]:
    """An agent that gives everybody the same answer; what it was asked."""
    server = api.AgentApiServer(RunDirectory.open("arm7", root).endpoint("agent.api"))
    asked: list[api.Request] = []
    ended = threading.Event()

    def serve() -> None:
        while not ended.wait(0.002):
            for call in server.receive():
                asked.append(call.request)
                server.answer(call, reply)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield asked
    finally:
        ended.set()
        thread.join()
        server.close()


@pytest.mark.parametrize(
    ("command", "request_type", "says"),
    [
        ("pause", api.Pause, "paused; `dynamical mission resume` goes on"),
        ("resume", api.Resume, "resumed"),
        ("cancel", api.CancelMission, "cancelled"),
    ],
)
def test_the_running_mission_is_paused_resumed_and_cancelled(
    robot_root: Path, capsys: pytest.CaptureFixture[str], command: str, request_type: type[api.Request], says: str
) -> None:
    with agent(robot_root, api.Done()) as asked:
        assert cli.main(["mission", command, "--root", str(robot_root)]) == 0
    assert [type(request) for request in asked] == [request_type]
    assert lines(capsys.readouterr().out) == [says]


def test_what_the_agent_refuses_is_one_line_with_code_1(robot_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with agent(robot_root, api.Refused("a stop is latched; reset it first")):
        assert cli.main(["mission", "resume", "arm7", "--root", str(robot_root)]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "dynamical: error: a stop is latched; reset it first\n")


def test_a_mission_cannot_be_paused_where_no_robot_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["mission", "pause", "--root", str(tmp_path)]) == 2
    assert lines(capsys.readouterr().err) == ["dynamical: error: no robot runs; start one with `dynamical run`"]


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("dynamical ")

from __future__ import annotations

import pytest

from robot_runtime.agent_status import AgentStatus
from robot_runtime.run_progress import RunProgress


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines since the last call, without their times."""
    return [line.partition(" s  ")[2] for line in capsys.readouterr().out.splitlines()]


def test_every_change_of_mode_and_step_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    progress = RunProgress()
    status = AgentStatus("arm7", True, "Operate", "FullCompute", "Offline", step="Pick red_cube")
    progress.tell(status)
    assert said(capsys) == ["mode FullCompute Offline", "step Pick red_cube"]
    progress.tell(status)
    assert said(capsys) == []
    progress.tell(AgentStatus("arm7", True, "Operate", "Blind", "Offline", step="Pick red_cube"), "no image is fresh")
    assert said(capsys) == ["mode Blind Offline (no image is fresh)"]


def test_a_branch_that_overrides_the_work_stands_before_the_mode_with_its_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    RunProgress().tell(AgentStatus("arm7", True, "Paused", "FullCompute", "Offline", reason="paused by the operator"))
    assert said(capsys) == ["mode Paused (FullCompute Offline)", "  paused by the operator"]


def test_a_robot_that_is_not_ready_has_no_mode_yet(capsys: pytest.CaptureFixture[str]) -> None:
    RunProgress().tell(AgentStatus("arm7", False, "Operate", "Blind", "Offline"))
    assert said(capsys) == []


def test_a_line_bears_the_time_that_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    RunProgress().note("step", 12.34)
    assert capsys.readouterr().out == "  12.3 s  step\n"


def test_disabled_it_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = RunProgress(enabled=False)
    progress.note("anything")
    progress.process_ready("plant")
    progress.tell(AgentStatus("arm7", True, "Operate", "FullCompute", "Offline", step="Pick"))
    progress.ending()
    assert capsys.readouterr().out == ""

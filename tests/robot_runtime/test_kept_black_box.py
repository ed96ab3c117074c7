from __future__ import annotations

from pathlib import Path

import pytest

from robot_runtime import kept_black_box
from robot_runtime.cli import main
from rt_control import _native as native


def test_only_a_latched_stop_or_a_lost_process_is_worth_keeping() -> None:
    keep = kept_black_box.is_worth_keeping
    assert keep(native.State(latched=1), False)
    assert keep(native.State(), True) and keep(None, True)
    assert not keep(native.State(), False) and not keep(None, False)


def test_a_kept_box_is_found_by_the_name_of_its_robot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    writer = native.BlackBoxWriter(run / "blackbox")
    writer.write(native.State(cycle=7, axes=1), native.DriveCommand(), native.StageTimes())
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    kept_black_box.keep(run, "arm", kept_black_box.folder())
    assert main(["rt", "blackbox", "arm", "--root", str(tmp_path / "none")]) == 0
    assert "to cycle 7" in capsys.readouterr().out


def test_a_run_without_a_box_leaves_nothing(tmp_path: Path) -> None:
    kept_black_box.keep(tmp_path, "arm", tmp_path / "kept")
    assert not (tmp_path / "kept").exists()

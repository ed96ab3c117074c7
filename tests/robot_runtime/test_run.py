from __future__ import annotations

from pathlib import Path

import pytest

from robot_runtime import run as run_module
from robot_runtime.run import run
from robot_runtime.run_options import RunOptions
from rt_control.description import load_robot
from rt_control.errors import InputError
from trees.mission import mission_text


@pytest.fixture
def real_robot(tmp_path: Path) -> Path:
    """A robot file that says it is no simulation."""
    arm7 = load_robot("arm7")
    text = arm7.path.read_text().replace('model = "arm7.xml"', f'model = "{arm7.model_path}"')
    text = text.replace("simulated = true", "simulated = false")
    kept = [line for line in text.partition("\n[simulation]")[0].splitlines() if "_degraded" not in line]
    path = tmp_path / "robot.toml"
    path.write_text("\n".join(kept))
    return path


@pytest.mark.parametrize("lockstep", [False, True])
def test_a_robot_that_is_not_simulated_is_refused_before_anything_starts(
    lockstep: bool, real_robot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(options: RunOptions) -> None:
        raise AssertionError("something started")

    monkeypatch.setattr(run_module, "_run_live", started)
    monkeypatch.setattr(run_module, "_run_lockstep", started)
    mission = Path(mission_text("sort_table")[0]).resolve()
    with pytest.raises(InputError, match="simulated = false; allowed: true, as this version drives simulated robots"):
        run(RunOptions(mission, str(real_robot), lockstep=lockstep, root=tmp_path))


@pytest.mark.sim
def test_a_run_in_virtual_time_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    mission = Path(mission_text("sort_table")[0]).resolve()
    result = run(RunOptions(mission, "arm7", lockstep=True, duration_s=0.5))
    assert result.duration_s == pytest.approx(0.5, abs=0.002)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("robot arm7, mission sort_table, seed 0, virtual time")
    assert any(line.endswith("s  mode FullCompute Offline") for line in lines)
    assert any("s  step SortObject red_cube left_bin" in line for line in lines)
    assert run(RunOptions(mission, "arm7", lockstep=True, progress=False, duration_s=0.1)).cycles > 0
    assert capsys.readouterr().out == ""

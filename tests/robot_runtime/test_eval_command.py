from __future__ import annotations

from pathlib import Path

import pytest

from robot_runtime import cli


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["--frames", "0"], "'0' is no count; give a whole number of at least 1"),
        (["--seed", "-1"], "'-1' is no seed; give a whole number of at least 0"),
        (["--plot", "curve.jpg"], "'curve.jpg': give a file that ends in .png, in a folder that exists"),
        (["--json", "no/such/folder.json"], "cannot write 'no/such/folder.json'; give a file in a folder that exists"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: list[str], refusal: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["eval", "cascade", *words]) == cli.EXIT_BAD_INPUT
    assert refusal in capsys.readouterr().err


def test_a_model_that_is_not_there_is_refused_before_anything_is_rendered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "dynamical" / "models").mkdir(parents=True)
    (tmp_path / "dynamical" / "models" / "bindings.toml").write_text('detector = "nothing"\n')
    assert cli.main(["eval", "cascade", "--frames", "1"]) == cli.EXIT_BAD_INPUT
    assert "model 'nothing' is not there" in capsys.readouterr().err

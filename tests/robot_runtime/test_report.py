from __future__ import annotations

import json
from pathlib import Path

import pytest

from robot_runtime import machine
from robot_runtime.report import Figure, Reference, Report, emit, figure, number, write_json
from rt_control.errors import InputError

HERE = machine.describe()
FORM = {"name", "value", "unit", "target", "reference", "ratio", "holds"}


def report(*figures: Figure) -> Report:
    return Report("bench channels", "0123456789ab", HERE, figures)


def test_a_figure_within_its_bound_holds_and_one_outside_does_not() -> None:
    assert figure("write", 4.0, "us", at_most=5.0).holds is True
    assert figure("write", 5.1, "us", at_most=5.0).holds is False
    assert figure("speed", 2.0, at_least=2.0).holds is True
    assert figure("speed", 1.9, at_least=2.0).holds is False


def test_a_figure_without_target_or_judge_neither_holds_nor_fails() -> None:
    assert figure("write", 4.0).holds is None
    unjudged = figure("wake-up", 900.0, "us", at_most=100.0, judged=False)
    assert (unjudged.holds, unjudged.target) == (None, "at most 100")


def test_two_bounds_are_refused() -> None:
    with pytest.raises(ValueError, match="both bounds, at most 2 and at least 1"):
        figure("write", 1.5, at_most=2, at_least=1)


def test_the_ratio_is_to_the_reference_and_absent_beside_zero() -> None:
    assert figure("write", 4.0, "us", reference=Reference("memcpy", 2.0)).ratio == 2.0
    assert figure("write", 4.0, "us", reference=Reference("memcpy", 0.0)).ratio is None


def test_the_json_form_is_the_shared_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_json(report(figure("write", 4.0, "us", at_most=5.0, reference=Reference("memcpy", 2.0))), str(path))
    written = json.loads(path.read_text())
    assert written.keys() == {"command", "commit", "machine", "figures"}
    assert written["figures"][0].keys() >= FORM
    assert written["figures"][0]["reference"] == {"name": "memcpy", "value": 2.0}
    assert written["machine"]["cores"] >= 1


def test_the_exit_code_is_1_only_when_a_target_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    assert emit(report(figure("a", 1.0, at_most=2.0), figure("b", 1.0)), None) == 0
    assert emit(report(figure("a", 3.0, at_most=2.0)), None) == 1
    assert "NO" in capsys.readouterr().out


def test_json_on_standard_output_is_alone_there(capsys: pytest.CaptureFixture[str]) -> None:
    emit(report(figure("a", 1.0)), "-")
    assert json.loads(capsys.readouterr().out)["figures"][0]["name"] == "a"


def test_a_page_has_a_row_for_each_figure_and_escapes_its_bars() -> None:
    text = report(figure("a|b", 1.0, at_most=2.0, judged=False), figure("c", 2.0)).markdown()
    assert text.startswith("## `dynamical bench channels`")
    assert "| a\\|b | 1 |  | at most 2 |  |  | host |  |" in text
    assert text.count("\n|") == 4


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="cannot write .*No such file or directory.*give a file in a folder that exists"
    ):
        write_json(report(), str(tmp_path / "none" / "report.json"))


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (3, "3"), (0.123456, "0.1235"), ("egl", "egl")])
def test_values_are_shown_as_people_read_them(value: float | int | str | None, text: str) -> None:
    assert number(value) == text

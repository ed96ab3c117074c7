from __future__ import annotations

import pytest

from perception.compute_budget import load_budget
from robot_runtime.compute_figures import figures
from robot_runtime.report import Figure

TARGET, CPU = load_budget("target_275_tflops"), load_budget("cpu_two_cores")


def told(measured_ms: dict[str, float]) -> dict[str, Figure]:
    return {item.name: item for item in figures(CPU, measured_ms, "p95 of a run")}


def test_every_role_has_its_share_of_the_device() -> None:
    rows = {item.name: item for item in figures(TARGET, {}, "")}
    assert (rows["level2, masks"].value, rows["level2, masks"].unit) == (15.0, "TFLOPS")
    assert rows["level2, masks"].ratio == pytest.approx(15.0 / 275.0)
    assert rows["level3"].ratio == pytest.approx(650.0 / 275.0)
    assert (rows["base"].value, rows["burst"].value) == (78.5, 196.0)
    assert rows["level3 runs on"].value == "remote" and rows["plan"].holds is True


def test_a_measured_time_stands_beside_that_of_the_file_and_is_judged() -> None:
    rows = told({"detector": 4.0, "depth": 3.0, "flow": 0.5})
    assert rows["level1, depth, one look"].ratio == pytest.approx(3.0 / 2.5)
    level = rows["level1, one look of all roles"]
    assert (level.value, level.target, level.holds, level.note) == (7.5, "at most 10", True, "p95 of a run")


def test_what_was_not_measured_is_not_judged() -> None:
    rows = told({"masks": 1.0})
    level = rows["level2, one look of all roles"]
    assert level.holds is None and level.note == "by the file: not every role was measured"
    assert rows["policy, one look"].holds is None


def test_a_plan_that_is_refused_is_told_with_its_reason() -> None:
    rows = told({"detector": 9.0})
    assert (rows["plan"].value, rows["plan"].holds) == ("refused", False)
    assert rows["plan"].note.startswith("plan: level1 takes 12.5 ms; allowed: less than 10 ms")
    assert "level1 runs on" not in rows

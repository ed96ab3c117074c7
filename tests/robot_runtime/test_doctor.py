from __future__ import annotations

import json
from pathlib import Path

import pytest

from robot_runtime import cli, doctor, gl_probe
from robot_runtime.run_folders import RunFolder

WORKS = gl_probe.GlFinding("osmesa", True, "llvmpipe")
FAILS = gl_probe.GlFinding("egl", False, "no libEGL")
HOME = Path("/opt/dynamical")
RUNS = RunFolder("arm7", Path("/dev/shm/x/arm7"), running=True)
REMAINS = RunFolder("arm7", Path("/dev/shm/x/arm7"), running=False)
OTHER = {"trees": Path("/usr/lib/trees")}


@pytest.mark.parametrize(
    ("check", "verdict", "mend"),
    [
        (doctor.python((3, 11)), "ok", ""),
        (doctor.python((3, 13)), "missing", "3.11 or 3.12"),
        (doctor.python((3, 9)), "missing", "3.11 or 3.12"),
        (doctor.compiler(["g++ 12"], headers=True), "ok", ""),
        (doctor.compiler([], headers=True), "warn", "g++"),
        (doctor.compiler(["g++ 12"], headers=False), "warn", "python3-dev"),
        (doctor.core(True, Path("rt_control")), "ok", ""),
        (doctor.core(False, Path("rt_control")), "missing", "make run"),
        (doctor.core(True, None), "missing", "make run"),
        (doctor.gl([FAILS, WORKS]), "ok", ""),
        (doctor.gl([FAILS, FAILS]), "missing", "libegl1"),
        (doctor.realtime(True, 0, -1), "ok", ""),
        (doctor.realtime(False, 0, 8 << 20), "warn", "limits.d"),
        (doctor.kernel("PREEMPT_RT"), "ok", ""),
        (doctor.kernel("PREEMPT_DYNAMIC none"), "warn", "PREEMPT_RT"),
        (doctor.cores(2), "ok", ""),
        (doctor.cores(1), "warn", "at least 2"),
        (doctor.memory(8.0), "ok", ""),
        (doctor.memory(0.5), "warn", "free some"),
        (doctor.disk(5.0), "ok", ""),
        (doctor.disk(0.1), "warn", "free some"),
        (doctor.shared_memory(1000.0), "ok", ""),
        (doctor.shared_memory(64.0), "missing", "--shm-size"),
        (doctor.shared_memory(None), "missing", "mount"),
        (doctor.display({"DISPLAY": ":0"}), "ok", ""),
        (doctor.display({}), "warn", "--view"),
        (doctor.remains([]), "ok", ""),
        (doctor.remains([RUNS]), "ok", ""),
        (
            doctor.remains([REMAINS]),
            "warn",
            "dynamical rt clean arm7",
        ),
        (doctor.shadows({"trees": HOME / "trees"}, HOME, {"trees": []}), "ok", ""),
        (doctor.shadows({"trees": HOME / "trees"}, HOME, {"trees": ["treelib"]}), "warn", "uninstall"),
        (
            doctor.shadows(OTHER, HOME, {"trees": ["treelib"]}),
            "missing",
            "pip uninstall treelib",
        ),
        (doctor.shadows({"trees": None}, HOME, {"trees": []}), "missing", "make run"),
    ],
    ids=lambda value: f"{value.what} {value.found}" if isinstance(value, doctor.Check) else None,
)
def test_each_check_gives_its_verdict_and_says_the_mend(check: doctor.Check, verdict: str, mend: str) -> None:
    assert check.verdict == verdict
    assert mend in check.mend
    assert bool(check.mend) == (verdict != "ok")


def test_the_demo_runs_with_warnings_but_not_with_something_missing() -> None:
    assert doctor.runs_the_demo([doctor.cores(1), doctor.kernel("none")])
    assert not doctor.runs_the_demo([doctor.cores(2), doctor.shared_memory(None)])


def test_a_broken_gl_backend_is_a_finding_and_no_crash() -> None:
    finding = gl_probe.probe("no_such_backend")
    assert not finding.works
    assert "no_such_backend" in finding.detail


@pytest.mark.sim
def test_this_machine_is_examined_and_reported_in_the_shared_form(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["doctor", "--json", "-"])
    report = json.loads(capsys.readouterr().out)
    assert report["command"] == "doctor"
    assert {figure["name"] for figure in report["figures"]} >= {"off-screen GL", "real-time permission", "display"}
    assert code == (1 if any(figure["holds"] is False for figure in report["figures"]) else 0)
    assert all(figure["note"] for figure in report["figures"] if figure["holds"] is not True)

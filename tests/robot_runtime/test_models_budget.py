from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from perception import ledger_file
from perception.compute_budget import load_budget
from perception.ledger import Entry, Ledger, Outcome
from robot_runtime.commands import models_budget
from rt_control.errors import InputError

CPU = load_budget("cpu_two_cores")


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    models_budget.register(parser.add_subparsers(required=True))
    options = parser.parse_args(["budget", *arguments])
    code: int = options.handler(options)
    return code


def record(path: Path, **took_ms: float) -> str:
    ledger = Ledger({1: 255.0, 2: 320.0, 3: 165.0}, 0)
    for role, cost_ms in took_ms.items():
        level = next(int(item.name[-1]) for item in CPU.level if role in item.measurable)
        ledger.record(Entry(0, 0, level, role, -1, 0, cost_ms, Outcome.RUN))
    ledger_file.save(ledger, path, CPU.device, 0)
    return str(path)


def test_the_budget_of_the_target_device_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    shown = capsys.readouterr().out
    assert "level3, scene_prediction" in shown and "remote" in shown and "78.5" in shown


def test_a_ledger_brings_its_device_and_its_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = record(tmp_path / "ledger.jsonl", masks=13.0, scene=90.0)
    assert run("--ledger", path, "--json", "-", "--plot", str(tmp_path / "budget.png")) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["command"] == "models budget"
    rows = {item["name"]: item for item in report["figures"]}
    assert rows["level2, masks, one look"]["value"] == 13.0
    assert rows["level2, masks, one look"]["note"] == "p95 of ledger.jsonl"
    assert rows["level3 runs on"]["value"] == "robot"
    assert (tmp_path / "budget.png").is_file()


def test_what_was_measured_and_does_not_fit_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--ledger", record(tmp_path / "ledger.jsonl", detector=9.0), "--device", "cpu_two_cores") == 1
    assert "refused" in capsys.readouterr().out


def test_times_of_another_device_are_refused(tmp_path: Path) -> None:
    message = "recorded on 'two cores, no accelerator'; allowed: 'target device, 275 FP16 TFLOPS'; give the --device"
    with pytest.raises(InputError, match=message):
        run("--ledger", record(tmp_path / "ledger.jsonl", masks=13.0), "--device", "target_275_tflops")

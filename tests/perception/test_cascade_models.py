from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from models.manifest import Manifest
from perception.calibration import ScoreCalibration
from perception.cascade_models import calibration_of, user_calibration
from perception.detector_calibration import DetectorCalibration
from rt_control.errors import InputError

SCORE = ScoreCalibration((0.5,), (0.5,), 10)
MINE = DetectorCalibration("a" * 64, SCORE, SCORE)


def detector(golden: str = "a" * 64) -> Manifest:
    return cast(Manifest, SimpleNamespace(name="eyes", golden=SimpleNamespace(sha256=golden)))


def test_the_users_calibration_wins_over_the_shipped_one(tmp_path: Path) -> None:
    user, shipped = tmp_path / "user", tmp_path / "shipped"
    other = msgspec.structs.replace(MINE, label=ScoreCalibration((0.5,), (0.9,), 10))
    other.save(shipped / "eyes.json")
    assert calibration_of(detector(), user, shipped) == other
    MINE.save(user_calibration(user, "eyes"))
    assert calibration_of(detector(), user, shipped) == MINE


def test_a_detector_that_was_never_calibrated_is_refused_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="scores of eyes were never calibrated; run `dynamical models tune`"):
        calibration_of(detector(), tmp_path, tmp_path)


def test_the_calibration_of_another_network_of_that_name_is_refused(tmp_path: Path) -> None:
    MINE.save(tmp_path / "eyes.json")
    with pytest.raises(InputError, match="golden answer aaaaaaaaaaaa, eyes has bbbbbbbbbbbb; run `dynamical models"):
        calibration_of(detector("b" * 64), tmp_path / "user", tmp_path)

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from models.roles import Detections
from perception.calibration import ScoreCalibration
from perception.detector_calibration import DetectorCalibration, load_calibration
from perception.level_one import observations
from rt_control.errors import InputError

CALIBRATION = DetectorCalibration(
    golden="0" * 64,
    thing=ScoreCalibration((0.1, 0.9), (0.2, 0.98), 100),
    label=ScoreCalibration((0.1, 0.9), (0.4, 0.8), 80),
)
FALLING = msgspec.json.encode(CALIBRATION).replace(b"[0.2,0.98]", b"[0.98,0.2]")


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "detector.json"
    CALIBRATION.save(path)
    assert load_calibration(path) == CALIBRATION


@pytest.mark.parametrize("content", [b"", b"{}", b'{"golden": "0", "thing": 1, "label": 2}', FALLING])
def test_another_file_is_refused_with_the_mend(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "detector.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="no calibration of a detector .*; run `dynamical models tune`"):
        load_calibration(path)


def test_a_file_that_is_not_there_is_refused_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file .*; run `dynamical models tune`"):
        load_calibration(tmp_path / "none.json")


def test_an_observation_says_apart_that_there_is_a_thing_and_that_its_name_is_right() -> None:
    detections = Detections(
        np.array([[0.0, 0.0, 10.0, 10.0], [20.0, 0.0, 40.0, 30.0]], dtype=np.float32),
        np.array([0.9, 0.5], dtype=np.float32),
        np.array([0, 1]),
        ("cube", "person"),
    )
    cube, person = observations(detections, CALIBRATION, None, 0.004, np.zeros((1, 8)), 0.0)
    assert (cube.label, person.label) == ("cube", "person")
    assert (cube.score, cube.label_score) == pytest.approx((0.98, 0.8))
    # Nothing else is of a person's kind: where there is one, the name is right.
    assert (person.score, person.label_score) == pytest.approx((0.59, 1.0))

from __future__ import annotations

from pathlib import Path

import pytest

from perception.trigger_file import USER_FILE, load_triggers, read_triggers, write_triggers
from perception.triggers import TriggerConfig
from rt_control.errors import InputError


def test_the_shipped_thresholds_can_be_used() -> None:
    assert 0.0 < load_triggers().confidence < 1.0


def test_the_users_file_wins_over_what_is_shipped(tmp_path: Path) -> None:
    assert load_triggers(tmp_path) == load_triggers()
    write_triggers(tmp_path / USER_FILE, confidence=0.25)
    assert load_triggers(tmp_path).confidence == 0.25
    assert load_triggers(tmp_path).speed_mps == load_triggers().speed_mps


def test_thresholds_that_are_not_written_stay(tmp_path: Path) -> None:
    path = tmp_path / "folder" / USER_FILE
    write_triggers(path, speed_mps=0.3)
    write_triggers(path, confidence=0.6)
    config = read_triggers(path, TriggerConfig())
    assert (config.speed_mps, config.confidence) == (0.3, 0.6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("confidence = ", "no thresholds"),
        ('confidence = "high"', "Expected `float`, got `str`"),
        ("confidnce = 0.5", "confidnce is no threshold; allowed: confidence, speed_mps"),
        ("off = 1.0", "off is no threshold"),
        ("confidence = 1.5", "confidence is 1.5; it must be less than 1"),
        ("speed_mps = -1.0", "speed_mps is -1.0; it must exceed 0"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_mend(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / USER_FILE
    path.write_text(text)
    with pytest.raises(InputError, match=f"{USER_FILE}: .*{message}.*run `dynamical models tune`, or remove it"):
        load_triggers(tmp_path)

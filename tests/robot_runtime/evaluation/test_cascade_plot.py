from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from robot_runtime.evaluation import cascade_plot
from robot_runtime.evaluation.strategies import ALWAYS_1, ALWAYS_2, CASCADE, ORACLE, RANDOM
from robot_runtime.evaluation.tally import Detected, Tally
from rt_control.errors import InputError


def tally(ms: float, right: int) -> Tally:
    hits = [number < right for number in range(100)]
    return Tally(images=1, level1_ms=ms, detected={"cube": Detected([0.5] * 100, hits, 100)})


SUMS = {
    ALWAYS_1: tally(10.0, 90),
    ALWAYS_2: tally(30.0, 96),
    CASCADE: tally(12.0, 96),
    "cascade, confidence 0.9": tally(13.0, 97),
    RANDOM: tally(12.0, 92),
    ORACLE: tally(11.0, 98),
}


@pytest.mark.parametrize("missing", ["cascade, confidence 0.9", None])
def test_each_strategy_has_its_mark_with_or_without_a_curve(missing: str | None, tmp_path: Path) -> None:
    sums = {name: item for name, item in SUMS.items() if name != missing}
    cascade_plot.write(sums, tmp_path / "plot.png", "title")
    image = cv2.imread(str(tmp_path / "plot.png"))
    assert image is not None
    inside = image[cascade_plot.TOP : -cascade_plot.BOTTOM, cascade_plot.LEFT : -cascade_plot.RIGHT]
    for colour in cascade_plot.MARKS.values():
        assert (inside == colour).all(axis=2).sum() > 20


def test_strategies_that_are_all_the_same_still_make_a_picture() -> None:
    image = cascade_plot.draw(dict.fromkeys(SUMS, tally(0.0, 100)), "title")
    assert image.dtype == np.uint8


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--plot: cannot write .*; give a file in a folder that you may write"):
        cascade_plot.write(SUMS, tmp_path / "no" / "plot.png", "title")

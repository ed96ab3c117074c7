from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from perception.compute_budget import load_budget
from robot_runtime import budget_plot
from robot_runtime.plot import Colour, Image
from rt_control.errors import InputError

CPU = load_budget("cpu_two_cores")


def pixels(image: Image, colour: Colour) -> int:
    return int(np.count_nonzero((image[budget_plot.TOP :] == colour).all(axis=2)))


def test_there_is_a_bar_for_what_was_measured_and_only_for_that(tmp_path: Path) -> None:
    without, beside = budget_plot.draw(CPU, {}), budget_plot.draw(CPU, {"masks": 12.0})
    assert pixels(without, budget_plot.MEASURED) == 0
    assert pixels(without, budget_plot.BY_FILE) == pixels(beside, budget_plot.BY_FILE)
    # As much as the file says: the bar is as long as that of the file, which is one of eleven.
    assert 0 < pixels(beside, budget_plot.MEASURED) < pixels(beside, budget_plot.BY_FILE) / 5
    budget_plot.write(CPU, {}, tmp_path / "budget.png")
    read = cv2.imread(str(tmp_path / "budget.png"))
    assert read is not None and np.array_equal(read, without)


@pytest.mark.parametrize("took_ms", [1e-6, 1e9])
def test_a_share_of_any_size_stays_in_the_picture(took_ms: float) -> None:
    image = budget_plot.draw(CPU, {"scene": took_ms})
    assert pixels(image, budget_plot.MEASURED) > 0
    assert not (image[:, -5:] == budget_plot.MEASURED).all(axis=2).any()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--plot: cannot write .*; give a file in a folder that you may write"):
        budget_plot.write(CPU, {}, tmp_path / "no" / "budget.png")

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from robot_runtime.line_plot import COLOURS, PANEL_WIDTH, Line, Mark, Panel, draw, write
from rt_control.errors import InputError


def test_panels_lie_side_by_side_and_each_line_has_its_colour() -> None:
    rising, falling = Line("rising", (0, 1, 2), (0.0, 0.5, 1.0)), Line("falling", (0, 1, 2), (1.0, 0.5, 0.0))
    image = draw([Panel("one", "step", (rising, falling)), Panel("two", "step", (rising,), log_y=True)])
    assert image.shape[1] == 2 * PANEL_WIDTH
    for colour in COLOURS[:2]:
        assert (image[:, :PANEL_WIDTH] == colour).all(axis=2).sum() > 200


def test_a_higher_value_is_drawn_higher() -> None:
    image = draw([Panel("one", "step", (Line("rising", (0, 1), (0.0, 1.0)),), mark=Mark("here", 0.5))])
    rows, columns = np.nonzero((image[80:] == COLOURS[0]).all(axis=2))
    assert rows[columns.argmin()] > rows[columns.argmax()]


def test_what_cannot_be_drawn_is_left_out() -> None:
    lines = (Line("gaps", (0, 1, 2), (1.0, float("nan"), 2.0)), Line("none", (), ()), Line("zero", (0,), (0.0,)))
    draw([Panel("one", "step", lines, log_y=True)])
    draw([Panel("one", "step", (Line("none", (), ()),))])


def test_a_picture_is_written_or_refused(tmp_path: Path) -> None:
    panel = Panel("one", "step", (Line("line", (0, 1), (0.0, 1.0)),))
    write([panel], tmp_path / "curves.png")
    assert cv2.imread(str(tmp_path / "curves.png")) is not None
    with pytest.raises(InputError, match="cannot write the picture .*; give a file in a folder that you may write"):
        write([panel], tmp_path / "none" / "curves.png")

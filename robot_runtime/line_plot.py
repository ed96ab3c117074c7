"""Curves as a picture: panels of lines beside each other, each with its own axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from robot_runtime.plot import FONT, INK, PALE, Colour, Image
from rt_control.errors import InputError

PANEL_WIDTH, PANEL_HEIGHT = 640, 560
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 44, 64
LEGEND_ROW = 20
TICKS = 5
# BGR, of different lightness: told apart also by the colour-blind.
COLOURS: tuple[Colour, ...] = (
    (178, 88, 0),
    (0, 110, 230),
    (90, 150, 0),
    (140, 140, 140),
    (160, 60, 160),
    (30, 30, 30),
    (200, 180, 40),
    (60, 60, 200),
)


@dataclass(frozen=True, slots=True)
class Line:
    """Attributes: what it is, and its points; those that are not finite, or do not fit a log axis, are left out."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the x axis that is marked and named."""

    name: str
    x: float


@dataclass(frozen=True, slots=True)
class Panel:
    """Axes with lines.

    Attributes:
        title, x_label: above and below.
        lines: of one unit.
        log_y: whether the y axis is logarithmic.
        mark: if there is one.
    """

    title: str
    x_label: str
    lines: tuple[Line, ...]
    log_y: bool = False
    mark: Mark | None = None


def write(panels: Sequence[Panel], path: Path) -> None:
    """Draw panels side by side into a PNG file.

    Raises:
        InputError: the file cannot be written.
    """
    if not cv2.imwrite(str(path), draw(panels)):
        raise InputError(f"cannot write the picture {str(path)!r}; give a file in a folder that you may write")


def draw(panels: Sequence[Panel]) -> Image:
    """The picture, BGR."""
    legend = LEGEND_ROW * -(-max(len(panel.lines) for panel in panels) // 2)
    return np.concatenate([_panel(panel, PANEL_HEIGHT + legend, TOP + legend) for panel in panels], axis=1)


def _panel(panel: Panel, height: int, top: int) -> Image:
    image = np.full((height, PANEL_WIDTH, 3), 255, np.uint8)
    cv2.putText(image, panel.title, (LEFT, 26), FONT, 0.6, INK, 1, cv2.LINE_AA)
    cv2.putText(image, panel.x_label, (PANEL_WIDTH // 2 - 40, height - 16), FONT, 0.5, INK, 1, cv2.LINE_AA)
    points = [_points(line, panel.log_y) for line in panel.lines]
    every = np.concatenate([np.empty((0, 2)), *points])
    if not len(every):
        cv2.putText(image, "nothing to draw", (LEFT, height // 2), FONT, 0.5, INK, 1, cv2.LINE_AA)
        return image
    low, high = every.min(axis=0), every.max(axis=0)
    if panel.mark is not None:
        low[0], high[0] = min(low[0], panel.mark.x), max(high[0], panel.mark.x)
    high = np.where(high > low, high, low + 1.0)
    pad = 0.04 * (high[1] - low[1])
    low[1], high[1] = low[1] - pad, high[1] + pad

    def place(given: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
        share = (given - low) / (high - low)
        x = LEFT + share[:, 0] * (PANEL_WIDTH - LEFT - RIGHT)
        return np.round(np.stack([x, height - BOTTOM - share[:, 1] * (height - top - BOTTOM)], axis=1)).astype(np.int32)

    for value in _ticks(low[0], high[0]):
        ((x, _),) = place(np.array([[value, low[1]]])).tolist()
        cv2.line(image, (x, top), (x, height - BOTTOM), PALE, 1)
        cv2.putText(image, _number(value), (x - 16, height - BOTTOM + 20), FONT, 0.45, INK, 1, cv2.LINE_AA)
    for value in _ticks(low[1], high[1]):
        ((_, y),) = place(np.array([[low[0], value]])).tolist()
        cv2.line(image, (LEFT, y), (PANEL_WIDTH - RIGHT, y), PALE, 1)
        said = 10.0**value if panel.log_y else value
        cv2.putText(image, _number(said), (8, y + 5), FONT, 0.45, INK, 1, cv2.LINE_AA)
    cv2.rectangle(image, (LEFT, top), (PANEL_WIDTH - RIGHT, height - BOTTOM), INK, 1)
    if panel.mark is not None:
        ((x, _),) = place(np.array([[panel.mark.x, low[1]]])).tolist()
        cv2.line(image, (x, top), (x, height - BOTTOM), INK, 1, cv2.LINE_AA)
        (width, _), _ = cv2.getTextSize(panel.mark.name, FONT, 0.42, 1)
        beside = x + 6 if x + 6 + width < PANEL_WIDTH - RIGHT else x - 6 - width
        cv2.putText(image, panel.mark.name, (beside, top + 16), FONT, 0.42, INK, 1, cv2.LINE_AA)
    for number, (line, given) in enumerate(zip(panel.lines, points, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        if len(given):
            cv2.polylines(image, [place(given)], False, colour, 2, cv2.LINE_AA)
        column, row = LEFT + number % 2 * 280, 44 + number // 2 * LEGEND_ROW
        cv2.line(image, (column, row), (column + 24, row), colour, 3)
        cv2.putText(image, line.name, (column + 32, row + 4), FONT, 0.42, INK, 1, cv2.LINE_AA)
    return image


def _ticks(low: float, high: float) -> list[float]:
    """Round places within an axis: some five of them, steps of 1, 2 or 5."""
    rough = (high - low) / TICKS
    decade = 10.0 ** np.floor(np.log10(rough))
    step = decade * next(factor for factor in (1.0, 2.0, 5.0, 10.0) if factor * decade >= rough * 0.999)
    return [float(number * step) for number in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000.0 else f"{value:.3g}"


def _points(line: Line, log_y: bool) -> npt.NDArray[np.float64]:
    points = np.stack([np.asarray(line.x, dtype=np.float64), np.asarray(line.y, dtype=np.float64)], axis=1)
    if log_y:
        points = points[points[:, 1] > 0.0]
        points[:, 1] = np.log10(points[:, 1])
    return points[np.isfinite(points).all(axis=1)]

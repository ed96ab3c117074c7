"""Computing time against quality as a picture: the cascade and looks by lot as curves, beside what bounds them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from robot_runtime.evaluation.strategies import ALWAYS_1, ALWAYS_2, CASCADE, ORACLE, RANDOM
from robot_runtime.evaluation.tally import Tally
from robot_runtime.plot import BLUE, GREEN, GREY, INK, ORANGE, Colour, Field, Image, Place, write_text
from rt_control.errors import InputError

WIDTH, HEIGHT = 1200, 700
LEFT, RIGHT, TOP, BOTTOM = 90, 30, 190, 80
MARKS: dict[str, Colour] = {ALWAYS_1: GREY, ALWAYS_2: INK, ORACLE: GREEN, CASCADE: BLUE, RANDOM: ORANGE}
COLUMNS = 2  # of the legend
LEAST_SPAN = 4.0  # points of mAP: a smaller difference must not look large
DOT, MARK = 4, 8  # px


def write(sums: Mapping[str, Tally], path: Path, title: str) -> None:
    """Draw the picture into a PNG file.

    Args:
        sums: each strategy over all episodes.
        path: of the file.
        title: above the picture.

    Raises:
        InputError: the file cannot be written.
    """
    if not cv2.imwrite(str(path), draw(sums, title)):
        raise InputError(f"--plot: cannot write {str(path)!r}; give a file in a folder that you may write")


def draw(sums: Mapping[str, Tally], title: str) -> Image:
    """The picture, BGR."""
    places = {name: (item.ms_per_image, 100.0 * item.mean_average_precision()) for name, item in sums.items()}
    curves = {family: [places[name] for name in _family(sums, family)] for family in (RANDOM, CASCADE)}
    shown = [places[name] for name in MARKS] + [place for curve in curves.values() for place in curve]
    field = _field(shown)
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    field.draw(image, "computing time of one image (ms of one thread)", "mAP50 (points)")
    for family, curve in curves.items():
        points = [field.at(*place) for place in curve]
        cv2.polylines(image, [np.array(points, np.int32)], False, MARKS[family], 2, cv2.LINE_AA)
        for point in points:
            cv2.circle(image, point, DOT, MARKS[family], -1, cv2.LINE_AA)
    for name, colour in MARKS.items():
        _mark(image, field.at(*places[name]), colour)
    _legend(image, places)
    write_text(image, title, (LEFT, 32), 0.7)
    return image


def _family(sums: Mapping[str, Tally], family: str) -> list[str]:
    """Strategies that differ by one number only, in the order of their looks."""
    names = [name for name in sums if name == family or name.startswith(f"{family}, ")]
    return sorted(names, key=lambda name: sums[name].looks)


def _field(shown: list[Place]) -> Field:
    xs, ys = [place[0] for place in shown], [place[1] for place in shown]
    middle = (min(ys) + max(ys)) / 2.0
    half = max(0.6 * (max(ys) - min(ys)), LEAST_SPAN / 2.0)
    top = min(middle + half, 100.0)
    return Field(
        LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM, (0.0, max(1.1 * max(xs), 1.0)), (max(top - 2.0 * half, 0.0), top)
    )


def _mark(image: Image, where: tuple[int, int], colour: Colour) -> None:
    cv2.circle(image, where, MARK + 2, (255, 255, 255), -1, cv2.LINE_AA)
    cv2.circle(image, where, MARK, colour, -1, cv2.LINE_AA)


def _legend(image: Image, places: Mapping[str, Place]) -> None:
    """Above the axes: it must hide no point."""
    notes = {
        CASCADE: "curve: other confidences at which it looks",
        RANDOM: "curve: other chances of a look",
        ORACLE: "knows the truth",
    }
    for number, (name, colour) in enumerate(MARKS.items()):
        x, y = LEFT + number % COLUMNS * 560, 64 + number // COLUMNS * 30
        _mark(image, (x + 10, y), colour)
        ms, points = places[name]
        note = f"; {notes[name]}" if name in notes else ""
        write_text(image, f"{name}: {ms:.1f} ms, {points:.1f} points{note}", (x + 30, y + 5))

"""Latencies as a picture: a histogram for each kind, both axes logarithmic, as cyclictest's users draw them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from robot_runtime.latency import Latencies
from robot_runtime.plot import BLUE, FONT, GREEN, GREY, INK, ORANGE, PALE, Colour, Image
from rt_control.errors import InputError

WIDTH, HEIGHT = 1200, 700
LEFT, RIGHT, TOP, BOTTOM = 90, 30, 130, 80
COLOURS: dict[str, Colour] = {"wake-up": BLUE, "compute": GREEN, "command": ORANGE, "cyclictest wake-up": GREY}
BUCKETS = 160
LONGEST_US = 1e6


def write(latencies: Latencies, path: Path, title: str) -> None:
    """Draw the picture into a PNG file.

    Args:
        latencies: of one measurement.
        path: of the file.
        title: above the picture.

    Raises:
        InputError: there is nothing to draw, or the file cannot be written.
    """
    if not cv2.imwrite(str(path), draw(latencies, title)):
        raise InputError(f"--png: cannot write {str(path)!r}; give a file in a folder that you may write")


def draw(latencies: Latencies, title: str) -> Image:
    """The picture, BGR.

    Raises:
        InputError: there is nothing to draw.
    """
    series = {"wake-up": latencies.wake_up, "compute": latencies.compute, "command": latencies.command}
    if latencies.cyclictest is not None:
        series["cyclictest wake-up"] = latencies.cyclictest
    series = {name: values for name, values in series.items() if len(values)}
    if not series:
        raise InputError("--png: there is no cycle to draw; measure for longer")
    everything = np.concatenate(list(series.values()))
    first, last = 10 ** np.floor(np.log10(max(everything.min(), 0.1))), min(everything.max() * 1.1, LONGEST_US)
    edges = np.geomspace(first, max(last, first * 10), BUCKETS + 1)
    counts = {name: np.histogram(np.clip(values, first, last), edges)[0] for name, values in series.items()}
    highest = 10.0 ** np.ceil(np.log10(max(int(item.max()) for item in counts.values())))
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    _axes(image, edges, highest)
    for name, item in counts.items():
        _steps(image, item, highest, COLOURS[name])
    _legend(image, series)
    cv2.putText(image, title, (LEFT, 32), FONT, 0.7, INK, 1, cv2.LINE_AA)
    return image


def _x(share: float) -> int:
    return LEFT + round(share * (WIDTH - LEFT - RIGHT))


def _y(count: float, highest: float) -> int:
    """Half a cycle is the bottom, so that a single one still shows."""
    share = np.log(max(count, 0.5) / 0.5) / np.log(highest / 0.5)
    return HEIGHT - BOTTOM - round(float(share) * (HEIGHT - TOP - BOTTOM))


def _axes(image: Image, edges: npt.NDArray[np.float64], highest: float) -> None:
    bottom = HEIGHT - BOTTOM
    for decade in range(round(np.log10(highest)) + 1):
        y = _y(10**decade, highest)
        cv2.line(image, (LEFT, y), (WIDTH - RIGHT, y), PALE, 1)
        cv2.putText(image, f"{10**decade}", (LEFT - 75, y + 5), FONT, 0.5, INK, 1, cv2.LINE_AA)
    span = np.log(edges[-1] / edges[0])
    for decade in range(int(np.floor(np.log10(edges[0]))), int(np.ceil(np.log10(edges[-1]))) + 1):
        for digit in (1, 2, 5):
            value = digit * 10.0**decade
            if edges[0] * 0.999 <= value <= edges[-1]:
                x = _x(float(np.log(value / edges[0]) / span))
                cv2.line(image, (x, TOP), (x, bottom), PALE, 1)
                cv2.putText(image, f"{value:g}", (x - 10, bottom + 22), FONT, 0.5, INK, 1, cv2.LINE_AA)
    cv2.rectangle(image, (LEFT, TOP), (WIDTH - RIGHT, bottom), INK, 1)
    cv2.putText(image, "latency (us)", (WIDTH // 2 - 50, HEIGHT - 28), FONT, 0.55, INK, 1, cv2.LINE_AA)
    cv2.putText(image, "cycles", (14, TOP - 10), FONT, 0.55, INK, 1, cv2.LINE_AA)


def _steps(image: Image, counts: npt.NDArray[np.int64], highest: float, colour: Colour) -> None:
    points: list[tuple[int, int]] = []
    for index, count in enumerate(counts):
        y = _y(float(count), highest)
        points += [(_x(index / BUCKETS), y), (_x((index + 1) / BUCKETS), y)]
    cv2.polylines(image, [np.array(points, np.int32)], False, colour, 2, cv2.LINE_AA)


def _legend(image: Image, series: dict[str, npt.NDArray[np.float64]]) -> None:
    """Above the axes, in two columns: it must hide no bar."""
    for place, (name, values) in enumerate(series.items()):
        x, y = LEFT + place % 2 * 540, 62 + place // 2 * 26
        cv2.line(image, (x, y), (x + 30, y), COLOURS[name], 3)
        p50, p99 = np.percentile(values, (50, 99))
        text = f"{name}: p50 {p50:.1f}, p99 {p99:.1f}, longest {values.max():.0f}"
        cv2.putText(image, text, (x + 40, y + 5), FONT, 0.5, INK, 1, cv2.LINE_AA)

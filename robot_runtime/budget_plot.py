"""A compute budget as a picture: the share of the device of each role, by the file and measured, on a log axis."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from perception.compute_budget import ComputeBudget
from robot_runtime.plot import BLUE, FONT, INK, ORANGE, PALE, Colour, Image
from rt_control.errors import InputError

WIDTH = 1200
LEFT, RIGHT, TOP, BOTTOM = 300, 90, 90, 60
ROW, BAR = 44, 15
BY_FILE, MEASURED = BLUE, ORANGE
DECADES = (-3, 1)  # 0.1 % to 1000 % of the device


def write(budget: ComputeBudget, measured_ms: Mapping[str, float], path: Path) -> None:
    """Draw the picture into a PNG file.

    Args:
        budget: of the device.
        measured_ms: time of one look on this device, by role.
        path: of the file.

    Raises:
        InputError: the file cannot be written.
    """
    if not cv2.imwrite(str(path), draw(budget, measured_ms)):
        raise InputError(f"--plot: cannot write {str(path)!r}; give a file in a folder that you may write")


def draw(budget: ComputeBudget, measured_ms: Mapping[str, float]) -> Image:
    """The picture, BGR."""
    rows: list[tuple[str, float, float | None]] = []
    for level in budget.level:
        for role in level.roles:
            took_ms = measured_ms.get(role)
            measured = None if took_ms is None else budget.share(level, role, took_ms)
            name = f"{level.name}, {role}" if len(level.roles) > 1 else level.name
            rows.append((name, budget.share(level, role), measured))
        if level.stand_in is not None and level.stand_in in measured_ms:
            by_file = sum(budget.share(level, role) for role in level.roles)
            measured = measured_ms[level.stand_in] * level.rate_hz / budget.ms_per_s
            rows.append((f"{level.name}, {level.stand_in} for all", by_file, measured))
    image = np.full((TOP + ROW * len(rows) + BOTTOM, WIDTH, 3), 255, np.uint8)
    _axis(image)
    for number, (name, by_file, measured) in enumerate(rows):
        y = TOP + ROW * number + 6
        cv2.putText(image, name, (14, y + BAR + 4), FONT, 0.5, INK, 1, cv2.LINE_AA)
        _bar(image, y, by_file, BY_FILE)
        if measured is not None:
            _bar(image, y + BAR + 2, measured, MEASURED)
    cv2.putText(image, f"compute budget: {budget.device}", (14, 32), FONT, 0.7, INK, 1, cv2.LINE_AA)
    legend = ((14, "by the file", BY_FILE), (170, "measured", MEASURED))
    for x, text, colour in legend if measured_ms else legend[:1]:
        cv2.rectangle(image, (x, 50), (x + 24, 62), colour, -1)
        cv2.putText(image, text, (x + 32, 62), FONT, 0.5, INK, 1, cv2.LINE_AA)
    return image


def _x(share: float) -> int:
    """Too small a share still shows as a line, too large a one ends at the edge."""
    place = (np.log10(max(share, 1e-9)) - DECADES[0]) / (DECADES[1] - DECADES[0])
    return LEFT + round(float(np.clip(place, 0.002, 1.0)) * (WIDTH - LEFT - RIGHT))


def _axis(image: Image) -> None:
    bottom = image.shape[0] - BOTTOM
    for decade in range(DECADES[0], DECADES[1] + 1):
        whole = decade == 0
        cv2.line(image, (_x(10.0**decade), TOP), (_x(10.0**decade), bottom), INK if whole else PALE, 1)
        text = f"{10.0 ** (decade + 2):g} %"
        cv2.putText(image, text, (_x(10.0**decade) - 18, bottom + 22), FONT, 0.5, INK, 1, cv2.LINE_AA)
    cv2.putText(image, "share of the device", (WIDTH // 2, bottom + 46), FONT, 0.55, INK, 1, cv2.LINE_AA)


def _bar(image: Image, y: int, share: float, colour: Colour) -> None:
    cv2.rectangle(image, (LEFT, y), (_x(share), y + BAR), colour, -1)
    cv2.putText(image, f"{share:.2%}", (_x(share) + 6, y + BAR - 2), FONT, 0.42, INK, 1, cv2.LINE_AA)

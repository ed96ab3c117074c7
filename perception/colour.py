"""Colours as people name them, and skin."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]

# Upper end of each colour's hue, as OpenCV counts (0..180).
HUES = (
    (8, "red"),
    (17, "orange"),
    (35, "yellow"),
    (85, "green"),
    (98, "cyan"),
    (130, "blue"),
    (169, "purple"),
    (181, "red"),
)
LEAST_SATURATION = 60  # greyer is white, grey or black
WHITE, BLACK = 170, 60  # value from which, and up to which
SKIN_HUE = (3, 18)
SKIN_SATURATION = (60, 130)
SKIN_VALUE = 70

_COLOURS = tuple(dict.fromkeys(name for _, name in HUES))
_COLOUR_OF_HUE = np.zeros(256, dtype=np.uint8)  # index into _COLOURS
for _upper, _name in reversed(HUES):
    _COLOUR_OF_HUE[:_upper] = _COLOURS.index(_name)


def to_hsv(rgb: Pixels) -> Pixels:
    """Hue (0..180), saturation and value (0..255) of each pixel."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)  # type: ignore[return-value]  # cv2's stubs do not know the dtype


def is_skin(hsv: Pixels) -> Mask:
    """Pixels that may be skin."""
    lower = np.array([SKIN_HUE[0], SKIN_SATURATION[0], SKIN_VALUE], dtype=np.uint8)
    upper = np.array([SKIN_HUE[1], SKIN_SATURATION[1], 255], dtype=np.uint8)
    return cv2.inRange(hsv, lower, upper).astype(bool)


def colour_of(hsv: Pixels) -> str:
    """What most of these pixels (n, 3), n > 0, are called."""
    coloured = hsv[:, 1] >= LEAST_SATURATION
    if 2 * np.count_nonzero(coloured) < len(hsv):
        value = float(np.median(hsv[:, 2]))
        return "white" if value >= WHITE else "black" if value <= BLACK else "grey"
    votes = np.bincount(_COLOUR_OF_HUE[hsv[coloured, 0]], minlength=len(_COLOURS))
    return _COLOURS[int(votes.argmax())]

"""How likely a matched pixel's depth is right, fitted so that of the pixels with confidence c the share c is right.

Right means: within `TOLERANCE_DEVIATIONS` standard deviations of the true depth. The weights are in
`stereo_confidence.toml`; `python -m robot_runtime.stereo_calibration` fits them anew, and
`dynamical bench stereo` says how far they are off on tables that they were not fitted on.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Features = tuple[Image, Image, Image, Image, Image]
"""See `features`."""

FILE = Path(__file__).parent / "stereo_confidence.toml"
TOLERANCE_DEVIATIONS = 3.0
FEATURES = ("texture", "uniqueness", "residual", "crossing", "spread")
TEXTURE_WINDOW = 9  # px
SPREAD_WINDOW = 7  # px
COST_WINDOW = 3  # px of the half image
CROSSING_LIMIT = 8.0  # px: what is worse is as bad


class StereoConfidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A logistic regression upon `features`.

    Attributes:
        disparity_deviation_px: standard deviation of the disparity of a pixel that is matched to its own surface.
        intercept: of the log odds.
        weights: of each of `FEATURES`.
    """

    disparity_deviation_px: float
    intercept: float
    weights: dict[str, float]

    def __post_init__(self) -> None:
        if set(self.weights) != set(FEATURES):
            raise ValueError(
                f"weights are of {sorted(self.weights)}; they must be of {sorted(FEATURES)}; fit them anew"
            )

    @classmethod
    def load(cls) -> StereoConfidence:
        """The fitted one."""
        return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), cls)

    def of(self, features: Features) -> Image:
        """Confidence (h, w), 0..1.

        Args:
            features: see there.
        """
        odds = np.full(features[0].shape, self.intercept, np.float32)
        for name, plane in zip(FEATURES, features, strict=True):
            cv2.scaleAdd(plane, self.weights[name], odds, odds)
        return np.asarray(1.0 / (1.0 + cv2.exp(-odds)), dtype=np.float32)


def features(left: Pixels, right: Pixels, disparity: Image, known: Mask, lowest: int, count: int) -> Features:
    """What tells a good match from a bad one: a plane (h, w) for each of `FEATURES`.

    texture: how much the brightness changes along the row around the pixel. uniqueness: by how much the other
    disparities fit worse, at half the size. residual: by how much the match itself does not fit. crossing: by how much
    the disparity differs from that of the nearest surface that is matched to the same pixel of the right image. spread:
    of the disparities around the pixel. All are logarithms of 1 + the value, but for `crossing`.

    Args:
        left: rectified grey image, (h, w).
        right: the other one, (h, w).
        disparity: px, (h, w).
        known: pixels with a disparity.
        lowest: disparity that was looked for, px.
        count: how many were.
    """
    slope = cv2.boxFilter(cv2.absdiff(left[:, 2:], left[:, :-2]), cv2.CV_32F, (TEXTURE_WINDOW, TEXTURE_WINDOW))
    texture = np.asarray(cv2.copyMakeBorder(slope, 0, 0, 1, 1, cv2.BORDER_REPLICATE), dtype=np.float32)
    uniqueness, residual = _fits(left, right, disparity, lowest, count)
    known_disparity = np.maximum(disparity, np.float32(lowest))
    window = np.ones((SPREAD_WINDOW, SPREAD_WINDOW), np.uint8)
    around = cv2.subtract(cv2.dilate(known_disparity, window), cv2.erode(known_disparity, window))
    spread = np.asarray(around, dtype=np.float32)
    crossing = _crossing(known_disparity, known)
    return _log1p(texture), uniqueness, residual, crossing, _log1p(spread)


def _fits(left: Pixels, right: Pixels, disparity: Image, lowest: int, count: int) -> tuple[Image, Image]:
    """Logarithms of: how much worse the images fit at disparities more than about 2 px off, and how badly at it."""
    height, width = left.shape
    size = ((width + 1) // 2, (height + 1) // 2)
    small_left, small_right = (cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in (left, right))
    wanted = cv2.resize(disparity, size, interpolation=cv2.INTER_NEAREST) * np.float32(0.5)
    own, other = (np.full((size[1], size[0]), 255.0, np.float32) for _ in range(2))
    cost = np.empty((size[1], size[0]), np.float32)
    for shift in range(lowest // 2, min((lowest + count) // 2 + 1, size[0])):
        difference = cv2.absdiff(small_left[:, shift:], small_right[:, : size[0] - shift])
        cost[:, :shift] = 255.0
        cost[:, shift:] = cv2.boxFilter(difference, cv2.CV_32F, (COST_WINDOW, COST_WINDOW))
        here = np.abs(wanted - np.float32(shift)) <= 1.0
        np.minimum(own, cost, out=own, where=here)
        np.minimum(other, cost, out=other, where=~here)
    planes = (_log1p(np.maximum(other - own, np.float32(0.0))), _log1p(own))
    uniqueness, residual = (cv2.resize(plane, (width, height), interpolation=cv2.INTER_NEAREST) for plane in planes)
    return np.asarray(uniqueness, dtype=np.float32), np.asarray(residual, dtype=np.float32)


def _crossing(disparity: Image, known: Mask) -> Image:
    """By how much a nearer surface takes the pixel's place in the right image, px, (h, w)."""
    height, width = disparity.shape
    target = (np.arange(width, dtype=np.float32) + np.float32(0.5) - disparity).astype(np.int32)
    place = np.maximum(target, 0) + width * np.arange(height, dtype=np.int32)[:, None]
    nearest = np.zeros(height * width, np.float32)
    nearest[place[known]] = disparity[known]  # from left to right: of several, the last and nearest stays
    return np.asarray(np.minimum(np.abs(nearest[place] - disparity), CROSSING_LIMIT), dtype=np.float32)


def _log1p(plane: Image) -> Image:
    return np.asarray(cv2.log(plane + np.float32(1.0)), dtype=np.float32)

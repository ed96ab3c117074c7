"""How far the image of things moved since the image before: dense inverse search (Kroeger et al., arXiv:1603.03590)."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
WIDTH, HEIGHT = 160, 120
LONGEST_GAP_S = 0.2  # between two images: what moved for longer cannot be followed


class OpticalFlow:
    """Flow between an image and the one before; holds that one."""

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._before: npt.NDArray[np.uint8] | None = None
        self._before_ns = 0

    def update(self, rgb: npt.NDArray[np.uint8], stamp_ns: int) -> Floats | None:
        """Take an image.

        Args:
            rgb: (h, w, 3).
            stamp_ns: when it was measured.

        Returns:
            (120, 160, 2): columns and rows per second, px of the given image; None without an image just before.
        """
        grey = cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        before, gap_s = self._before, (stamp_ns - self._before_ns) * 1e-9
        self._before, self._before_ns = np.asarray(grey, dtype=np.uint8), stamp_ns
        if before is None or not 0.0 < gap_s <= LONGEST_GAP_S:
            return None
        flow = self._search.calc(before, grey, None)  # type: ignore[call-overload]  # cv2's stubs want an array
        per_second = (rgb.shape[1] / WIDTH / gap_s, rgb.shape[0] / HEIGHT / gap_s, 0.0, 0.0)
        return np.asarray(cv2.multiply(flow, per_second), dtype=np.float32)  # type: ignore[call-overload]  # a scalar


def speed_in_box(flow: Floats, box: tuple[float, float, float, float], image_width: int, metres_per_px: float) -> float:
    """How fast what a box shows moves across the line of sight, m/s.

    Args:
        flow: of `OpticalFlow`.
        box: px of the image.
        image_width: px.
        metres_per_px: at the distance of the thing.
    """
    scale = flow.shape[1] / image_width
    left, top = (max(0, int(value * scale)) for value in box[:2])
    right, bottom = (int(np.ceil(value * scale)) for value in box[2:])
    inside = flow[top:bottom, left:right]
    if inside.size == 0:
        return 0.0
    across, down, _, _ = cv2.mean(inside)
    return math.hypot(across, down) * metres_per_px

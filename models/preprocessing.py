"""From camera images to network inputs, each of them made once per image however many networks want it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Value = TypeVar("Value", np.uint8, np.float32)
PAD_GREY = 114.0 / 255.0  # what YOLO pads with; the others do not care


class Preprocessing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How pixels become the input of a network: (1 or n, 3, height, width) float32, (value / 255 - mean) / deviation.

    Attributes:
        width, height: of the input, px.
        fit: `stretch` to the size, or `letterbox`: keep the aspect, centre, pad with grey.
        mean, deviation: per channel, of values scaled to 0..1.
        margin: crops only: by how much of its longer side a box is widened at each side before it is cut out.
        window: crops only: what is cut out is a `square`, or has the `aspect` of the input, so that nothing is
            distorted if the input is not square; the margin is then of the side that fills the window.
    """

    width: int
    height: int
    fit: Literal["stretch", "letterbox"] = "stretch"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)
    margin: float = 0.0
    window: Literal["square", "aspect"] = "square"

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"preprocessing: size {self.width} x {self.height} px; allowed: at least 1 x 1")
        if min(self.deviation) <= 0.0:
            raise ValueError(f"preprocessing: deviation {self.deviation}; allowed: > 0")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the image lies in a network's input: input = scale * image + offset, px as edges."""

    scale_x: float
    scale_y: float
    offset_x: float
    offset_y: float

    def boxes_to_image(self, boxes: Floats) -> Floats:
        """Boxes (n, 4) of the input as boxes of the image."""
        return (boxes - self._offset) / self._scale

    def boxes_to_input(self, boxes: Floats) -> Floats:
        """Boxes (n, 4) of the image as boxes of the input."""
        return np.asarray(boxes, dtype=np.float32).reshape(-1, 4) * self._scale + self._offset

    @property
    def _scale(self) -> Floats:
        return np.array([self.scale_x, self.scale_y] * 2, dtype=np.float32)

    @property
    def _offset(self) -> Floats:
        return np.array([self.offset_x, self.offset_y] * 2, dtype=np.float32)


class PreparedImage:
    """One image, and what networks are given of it."""

    def __init__(self, rgb: npt.NDArray[np.uint8]) -> None:
        """Take an image (h, w, 3) uint8 RGB.

        Raises:
            ValueError: it is something else.
        """
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or 0 in rgb.shape:
            raise ValueError(f"image of shape {rgb.shape} and {rgb.dtype}; allowed: (h, w, 3) uint8, RGB")
        self.rgb = rgb
        self._whole: dict[Preprocessing, tuple[Floats, Placement]] = {}
        self._crops: dict[tuple[Preprocessing, bytes], tuple[Floats, Floats]] = {}

    @property
    def width(self) -> int:
        """Px."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Px."""
        return int(self.rgb.shape[0])

    def whole(self, how: Preprocessing) -> tuple[Floats, Placement]:
        """The whole image as input (1, 3, h, w), and where it lies in it; the same array each time."""
        if how not in self._whole:
            self._whole[how] = _whole(self.rgb, how)
        return self._whole[how]

    def crops(self, boxes: Floats, how: Preprocessing) -> tuple[Floats, Floats]:
        """Windows around boxes (n, 4) as input (n, 3, h, w), and the windows (n, 4) px.

        The same arrays for the same boxes. Beyond the edge of the image its last pixels are repeated.
        """
        key = (how, np.asarray(boxes, dtype=np.float32).tobytes())
        if key not in self._crops:
            aspect = how.width / how.height if how.window == "aspect" else 1.0
            windows = windows_around(boxes, how.margin, aspect)
            inputs = np.empty((len(windows), 3, how.height, how.width), dtype=np.float32)
            for index, window in enumerate(windows):
                inputs[index] = _normalised(cut_out(self.rgb, window, how.width, how.height), how)
            inputs.flags.writeable = windows.flags.writeable = False
            self._crops[key] = (inputs, windows)
        return self._crops[key]


def square_windows(boxes: Floats, margin: float) -> Floats:
    """Squares (n, 4) px with the centres of boxes (n, 4), as wide as their longer side and the margin at each side."""
    return windows_around(boxes, margin, 1.0)


def windows_around(boxes: Floats, margin: float, aspect: float) -> Floats:
    """The smallest windows (n, 4) px around boxes (n, 4), `aspect` times as wide as high, and a margin at each side."""
    boxes = np.asarray(boxes, dtype=np.float32).reshape(-1, 4)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2.0
    size = (boxes[:, 2:] - boxes[:, :2]) * np.array([1.0, aspect], dtype=np.float32)
    width = size.max(axis=1, initial=1.0, keepdims=True) * (1.0 + 2.0 * margin)
    half = width * np.array([0.5, 0.5 / aspect], dtype=np.float32)
    return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)


def cut_out(
    image: npt.NDArray[Value], window: Floats, width: int, height: int, interpolation: int = cv2.INTER_LINEAR
) -> npt.NDArray[Value]:
    """The window (4,) px of an image (h, w[, c]), stretched to (height, width[, c]); edges are repeated."""
    left, top, right, bottom = (float(value) for value in window)
    scale_x, scale_y = (right - left) / width, (bottom - top) / height
    # Pixel centres are half a pixel from their edges, in the source and in what is made of it.
    to_source = np.array(
        [[scale_x, 0.0, left + 0.5 * scale_x - 0.5], [0.0, scale_y, top + 0.5 * scale_y - 0.5]], dtype=np.float64
    )
    flags = interpolation | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(  # type: ignore[return-value]  # cv2's stubs do not know the dtype
        image, to_source, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )


def _whole(rgb: npt.NDArray[np.uint8], how: Preprocessing) -> tuple[Floats, Placement]:
    height, width = rgb.shape[:2]
    scale_x, scale_y = how.width / width, how.height / height
    offset_x = offset_y = 0.0
    if how.fit == "letterbox":
        scale_x = scale_y = min(scale_x, scale_y)
    inner = (max(1, round(width * scale_x)), max(1, round(height * scale_y)))
    reduced = rgb
    if inner != (width, height):
        smaller = inner[0] < width or inner[1] < height
        reduced = cv2.resize(rgb, inner, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)  # type: ignore[assignment]  # cv2's stubs do not know the dtype
    values = _normalised(reduced, how)
    if inner != (how.width, how.height):
        left, top = (how.width - inner[0]) // 2, (how.height - inner[1]) // 2
        offset_x, offset_y = float(left), float(top)
        grey = (PAD_GREY - np.array(how.mean, dtype=np.float32)) / np.array(how.deviation, dtype=np.float32)
        padded = np.empty((3, how.height, how.width), dtype=np.float32)
        padded[:] = grey[:, None, None]
        padded[:, top : top + inner[1], left : left + inner[0]] = values
        values = padded
    values = values[None]
    values.flags.writeable = False
    return values, Placement(inner[0] / width, inner[1] / height, offset_x, offset_y)


def _normalised(rgb: npt.NDArray[np.uint8], how: Preprocessing) -> Floats:
    """(3, h, w), contiguous."""
    factor = 1.0 / (255.0 * np.array(how.deviation, dtype=np.float32))
    shift = np.array(how.mean, dtype=np.float32) / np.array(how.deviation, dtype=np.float32)
    channels: Floats = np.empty((3, *rgb.shape[:2]), dtype=np.float32)
    for index, plane in enumerate(cv2.split(rgb)):
        channels[index] = plane
        channels[index] *= factor[index]
        if shift[index] != 0.0:
            channels[index] -= shift[index]
    return channels

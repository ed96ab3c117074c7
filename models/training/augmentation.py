"""What happens to an image between the renderer and the network: other views and other cameras of the same thing."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Image = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]


def random_zoom(random: np.random.Generator, width: int, height: int) -> Matrix:
    """A map (2, 3) of px as edges from the image to a zoomed, shifted, perhaps mirrored one of the same size."""
    scale = float(np.exp(random.uniform(-0.2, 0.2)))
    shift = random.uniform(-0.08, 0.08, 2) * (width, height)
    x = np.array([scale, 0.0, (1.0 - scale) * width / 2.0 + shift[0]])
    if random.random() < 0.5:
        x = np.array([-scale, 0.0, (1.0 + scale) * width / 2.0 + shift[0]])
    return np.array([x, [0.0, scale, (1.0 - scale) * height / 2.0 + shift[1]]])


def warp(image: Image, zoom: Matrix, interpolation: int, border: float | None) -> Image:
    """The zoomed image; beyond its edge lies `border`, or its last pixels if None."""
    centres = zoom.copy()
    centres[:, 2] += 0.5 * zoom[:, :2].sum(axis=1) - 0.5  # pixel centres are half a pixel from their edges
    mode = cv2.BORDER_REPLICATE if border is None else cv2.BORDER_CONSTANT
    size = (image.shape[1], image.shape[0])
    warped = cv2.warpAffine(image, centres, size, flags=interpolation, borderMode=mode, borderValue=border or 0.0)
    return cast(Image, warped)


def zoomed_boxes(boxes: npt.NDArray[np.float32], zoom: Matrix) -> npt.NDArray[np.float32]:
    """Boxes (n, 4) in the zoomed image, not clipped; NaN stays."""
    columns = np.sort(boxes[:, [0, 2]] * zoom[0, 0] + zoom[0, 2], axis=1)
    rows = boxes[:, [1, 3]] * zoom[1, 1] + zoom[1, 2]
    return np.stack([columns[:, 0], rows[:, 0], columns[:, 1], rows[:, 1]], axis=1).astype(np.float32)


def other_camera(random: np.random.Generator, rgb: Pixels) -> Pixels:
    """The image as another camera might take it: exposure, white balance, contrast, blur, noise."""
    if random.random() < 0.25:
        rgb = cast(Pixels, cv2.GaussianBlur(rgb, (3, 3), float(random.uniform(0.3, 0.9))))
    gain = random.uniform(0.75, 1.25) * random.uniform(0.93, 1.07, 3)
    offset = random.uniform(-18.0, 18.0)
    levels = np.arange(256, dtype=np.float64)[:, None] * gain + offset
    gamma = random.uniform(0.8, 1.25)
    levels = 255.0 * (np.clip(levels, 0.0, 255.0) / 255.0) ** gamma
    rgb = cast(Pixels, cv2.LUT(rgb, levels.astype(np.uint8)[None]))
    if random.random() < 0.5:
        noise = np.empty(rgb.shape, dtype=np.int8)
        cv2.setRNGSeed(int(random.integers(1 << 30)))
        cv2.randn(noise, 0.0, float(random.uniform(1.0, 7.0)))  # type: ignore[call-overload]  # cv2's stubs want arrays
        rgb = cast(Pixels, cv2.add(rgb, noise, dtype=cv2.CV_8U))
    return rgb

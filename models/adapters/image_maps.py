"""From a map over a network's input to one over the image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.preprocessing import Placement, PreparedImage, Preprocessing, cut_out

Floats = npt.NDArray[np.float32]


def over_image(values: Floats, placement: Placement, image: PreparedImage, how: Preprocessing, height: int) -> Floats:
    """A map over the input as a map (height, w) over the image, of its aspect, interpolated bilinearly.

    Args:
        values: (h, w), over the whole input, padding included.
        placement: of the image in the input.
        image: that was looked at.
        how: it became an input.
        height: of the map that is returned, rows.
    """
    whole = placement.boxes_to_input(np.array([[0.0, 0.0, image.width, image.height]], dtype=np.float32))[0]
    cells_per_px = np.array([values.shape[1] / how.width, values.shape[0] / how.height] * 2, dtype=np.float32)
    width = max(1, round(height * image.width / image.height))
    return cut_out(values, whole * cells_per_px, width, height)

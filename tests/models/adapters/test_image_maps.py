from __future__ import annotations

import numpy as np
import pytest

from models.adapters.image_maps import over_image
from models.preprocessing import PreparedImage, Preprocessing


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
@pytest.mark.parametrize("cell_px", [1, 4])
@pytest.mark.parametrize(("width", "height"), [(640, 480), (320, 480), (100, 60)])
def test_each_value_stays_at_its_place_in_the_image(fit: str, cell_px: int, width: int, height: int) -> None:
    how = Preprocessing(320, 240, fit=fit)  # type: ignore[arg-type]
    image = PreparedImage(np.zeros((height, width, 3), dtype=np.uint8))
    _, placement = image.whole(how)
    # A map of how far right in the image each of its cells is, px.
    columns = (np.arange(320 // cell_px) + 0.5) * cell_px
    right = ((columns - placement.offset_x) / placement.scale_x).astype(np.float32)
    found = over_image(np.tile(right, (240 // cell_px, 1)), placement, image, how, 120)
    assert found.shape == (120, round(120 * width / height))
    expected = (np.arange(found.shape[1]) + 0.5) * width / found.shape[1]
    inner = slice(
        found.shape[1] // 20, -found.shape[1] // 20
    )  # the outermost cells have nothing beyond to interpolate to
    np.testing.assert_allclose(found[60, inner], expected[inner], atol=0.04 * cell_px / placement.scale_x)

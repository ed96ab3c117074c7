from __future__ import annotations

import numpy as np
import pytest

from perception.segmentation import is_skin, segment, to_hsv

RGB = {
    "red": (210, 25, 23),
    "orange": (240, 120, 10),
    "yellow": (247, 196, 13),
    "green": (26, 148, 51),
    "blue": (20, 66, 204),
    "purple": (140, 20, 200),
}
GREY, SKIN = (200, 198, 190), (219, 163, 133)


def image(*patches: tuple[tuple[int, int, int], int, int]) -> np.ndarray:
    """A grey image with squares of 10 px at (left, top)."""
    rgb = np.full((60, 80, 3), GREY, dtype=np.uint8)
    for colour, left, top in patches:
        rgb[top : top + 10, left : left + 10] = colour
    return rgb


FLAT = np.full((60, 80), 1.0, dtype=np.float32)
EVERYWHERE = np.ones((60, 80), dtype=bool)


@pytest.mark.parametrize("colour", RGB)
def test_a_patch_is_found_by_its_colour(colour: str) -> None:
    (region,) = segment(to_hsv(image((RGB[colour], 20, 30))), FLAT, EVERYWHERE)
    assert (region.colour, region.box, region.hidden_share) == (colour, (20, 30, 10, 10), 0.0)
    assert region.mask.all()


def test_patches_of_one_colour_that_do_not_touch_are_two() -> None:
    regions = segment(to_hsv(image((RGB["red"], 20, 30), (RGB["red"], 50, 10))), FLAT, EVERYWHERE)
    assert sorted(region.box[:2] for region in regions) == [(20, 30), (50, 10)]


def test_grey_and_skin_are_no_objects() -> None:
    assert segment(to_hsv(image((SKIN, 20, 30))), FLAT, EVERYWHERE) == []


def test_only_candidates_count() -> None:
    assert segment(to_hsv(image((RGB["red"], 20, 30))), FLAT, ~EVERYWHERE) == []


def test_a_patch_behind_something_nearer_is_partly_hidden() -> None:
    depth = FLAT.copy()
    depth[:, :20] = 0.5
    (region,) = segment(to_hsv(image((RGB["red"], 20, 30))), depth, EVERYWHERE)
    assert region.hidden_share == pytest.approx(12 / 44)


def test_a_patch_at_the_edge_of_the_image_is_partly_hidden() -> None:
    (region,) = segment(to_hsv(image((RGB["red"], 0, 30))), FLAT, EVERYWHERE)
    assert region.hidden_share == 1.0


def test_skin_is_told_from_everything_else() -> None:
    assert is_skin(to_hsv(image((SKIN, 20, 30))))[32, 22]
    for colour in RGB.values():
        assert not is_skin(to_hsv(image((colour, 20, 30))))[32, 22]
    assert not is_skin(to_hsv(image()))[0, 0]

from __future__ import annotations

import numpy as np
import pytest

from perception.colour import colour_of, is_skin, to_hsv

PAINTS = {
    "red": (209, 26, 23),
    "orange": (230, 120, 20),
    "yellow": (247, 196, 13),
    "green": (26, 148, 51),
    "cyan": (10, 190, 200),
    "blue": (20, 66, 204),
    "purple": (140, 30, 180),
    "white": (240, 238, 235),
    "grey": (120, 122, 119),
    "black": (20, 20, 22),
}


def patch(rgb: tuple[int, int, int]) -> np.ndarray:
    return to_hsv(np.full((4, 5, 3), rgb, dtype=np.uint8))


@pytest.mark.parametrize("name", PAINTS)
def test_paints_have_the_names_that_people_give_them(name: str) -> None:
    assert colour_of(patch(PAINTS[name]).reshape(-1, 3)) == name


@pytest.mark.parametrize("shade", [0.35, 0.6, 1.0])
@pytest.mark.parametrize("name", ["red", "green", "blue", "yellow"])
def test_a_face_in_shadow_has_the_same_colour(name: str, shade: float) -> None:
    red, green, blue = (round(shade * value) for value in PAINTS[name])
    assert colour_of(patch((red, green, blue)).reshape(-1, 3)) == name


def test_most_pixels_decide() -> None:
    mixed = np.concatenate([patch(PAINTS["red"]).reshape(-1, 3)] * 2 + [patch(PAINTS["blue"]).reshape(-1, 3)])
    assert colour_of(mixed) == "red"


def test_skin_is_told_from_paint() -> None:
    assert is_skin(patch((219, 163, 133))).all()
    assert not is_skin(patch(PAINTS["red"])).any()
    assert not is_skin(patch(PAINTS["white"])).any()

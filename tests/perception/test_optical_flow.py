from __future__ import annotations

import numpy as np
import pytest

from perception.optical_flow import OpticalFlow, speed_in_box

PERIOD_NS = 33_333_333


def scene(shift_px: int) -> np.ndarray:
    """A textured square before a plain background, moved to the right."""
    rgb = np.full((240, 320, 3), 120, dtype=np.uint8)
    texture = np.random.default_rng(1).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    rgb[100:140, 100 + shift_px : 140 + shift_px] = np.kron(texture[::4, ::4], np.ones((4, 4, 1), dtype=np.uint8))
    return rgb


def test_what_moves_is_seen_to_move_and_what_rests_to_rest() -> None:
    flow = OpticalFlow()
    assert flow.update(scene(0), PERIOD_NS) is None
    found = flow.update(scene(4), 2 * PERIOD_NS)
    assert found is not None
    moving = speed_in_box(found, (106.0, 106.0, 134.0, 134.0), 320, 0.004)
    assert moving == pytest.approx(4 * 30 * 0.004, rel=0.2)
    assert speed_in_box(found, (20.0, 20.0, 60.0, 60.0), 320, 0.004) == pytest.approx(0.0, abs=0.02)


def test_an_image_that_comes_after_a_long_gap_or_with_a_wrong_stamp_tells_nothing() -> None:
    flow = OpticalFlow()
    flow.update(scene(0), PERIOD_NS)
    assert flow.update(scene(4), PERIOD_NS + 300_000_000) is None
    assert flow.update(scene(8), PERIOD_NS) is None


def test_a_box_outside_of_the_image_does_not_move() -> None:
    flow = OpticalFlow()
    flow.update(scene(0), PERIOD_NS)
    found = flow.update(scene(4), 2 * PERIOD_NS)
    assert found is not None
    assert speed_in_box(found, (400.0, 300.0, 420.0, 310.0), 320, 0.004) == 0.0

from __future__ import annotations

import numpy as np
import pytest

from perception.frames import Frame
from perception.point_image import Unprojector


def frame(seed: int, depth: bool = True) -> Frame:
    random = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn * np.sign(np.linalg.det(turn)), random.normal(size=3)
    image = random.uniform(0.3, 2.0, (6, 8)).astype(np.float32)
    image[0, 0] = 0.0
    return Frame("rgbd", 1, 0, np.zeros((6, 8, 3), np.uint8), image if depth else None, 9.0, 9.0, 3.5, 2.5, pose)


@pytest.mark.parametrize("seed", range(3))
def test_points_are_those_of_the_frame_whatever_the_camera_did_before(seed: int) -> None:
    unprojector = Unprojector()
    unprojector.points(frame(seed + 10))
    points = unprojector.points(frame(seed))
    expected = frame(seed).points_base()
    assert not points.valid[0, 0]
    assert points.at(points.valid) == pytest.approx(expected[~np.isnan(expected[..., 0])], abs=1e-5)


def test_every_second_pixel_keeps_its_point() -> None:
    points, coarse = Unprojector().points(frame(0)), Unprojector(step=2).points(frame(0))
    assert coarse.shape == (3, 4)
    assert coarse.x[1, 2] == points.x[2, 4]
    assert coarse.of(np.array([6])) == pytest.approx(np.array([[points.x[2, 4], points.y[2, 4], points.z[2, 4]]]))


def test_a_frame_without_depth_is_refused() -> None:
    with pytest.raises(ValueError, match="camera 'rgbd' has no depth image"):
        Unprojector().points(frame(0, depth=False))

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from perception.frames import Frame


def make_frame(depth: bool = True) -> Frame:
    random = np.random.default_rng(0)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("xyz", [2.0, 0.3, -0.5]).as_matrix()
    pose[:3, 3] = [0.5, -0.2, 1.2]
    depth_m = random.uniform(0.3, 2.0, (6, 8)).astype(np.float32) if depth else None
    return Frame(
        camera="rgbd",
        number=1,
        stamp_ns=7,
        rgb=np.zeros((6, 8, 3), np.uint8),
        depth_m=depth_m,
        fx=9.0,
        fy=10.0,
        cx=3.5,
        cy=2.5,
        pose_base_from_camera=pose,
    )


def test_projecting_the_points_of_a_depth_image_gives_its_pixels_back() -> None:
    frame = make_frame()
    assert frame.depth_m is not None
    pixels = frame.project(frame.points_base().reshape(-1, 3))
    rows, columns = np.mgrid[0:6, 0:8]
    np.testing.assert_allclose(pixels[:, 0], columns.ravel(), atol=1e-9)
    np.testing.assert_allclose(pixels[:, 1], rows.ravel(), atol=1e-9)
    np.testing.assert_allclose(pixels[:, 2], frame.depth_m.ravel(), atol=1e-9)


def test_a_point_behind_the_camera_has_no_positive_depth() -> None:
    frame = make_frame()
    behind = frame.pose_base_from_camera[:3, 3] - frame.pose_base_from_camera[:3, 2]
    assert frame.project(behind[None])[0, 2] == pytest.approx(-1.0)


def test_a_pixel_without_return_is_no_point() -> None:
    frame = make_frame()
    assert frame.depth_m is not None
    depth = frame.depth_m.copy()
    depth[2, 3] = 0.0
    blank = Frame("rgbd", 2, 8, frame.rgb, depth, 9.0, 10.0, 3.5, 2.5, frame.pose_base_from_camera)
    assert np.isnan(blank.points_base()[2, 3]).all()
    assert np.isfinite(blank.points_base()[0, 0]).all()


def test_a_camera_without_depth_has_no_points() -> None:
    with pytest.raises(ValueError, match="camera 'rgbd' has no depth image"):
        make_frame(depth=False).points_base()


def test_the_arrays_of_a_frame_cannot_be_written() -> None:
    frame = make_frame()
    with pytest.raises(ValueError, match="read-only"):
        frame.rgb[0, 0] = 255

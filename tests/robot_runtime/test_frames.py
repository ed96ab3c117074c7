from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from perception.frame_health import FrameFault, FrameJudge, FrameLimits
from robot_runtime.frames import read_frame
from rt_control import _native as native


def written(path: Path, quaternion: tuple[float, float, float, float]) -> native.FrameReader:
    native.create_frame(path, 8, 6, False)
    header = native.FrameHeader(number=3, stamp_ns=5, fx=9.0, fy=9.0, cx=3.5, cy=2.5)
    header.position_base, header.quaternion_base = np.array([1.0, 2.0, 3.0]), np.array(quaternion)
    native.FrameWriter(path).write(header, np.full((6, 8, 3), 100, np.uint8))
    return native.FrameReader(path)


def test_a_frame_comes_with_its_pose(tmp_path: Path) -> None:
    frame = read_frame(written(tmp_path / "frame", (0.0, 1.0, 0.0, 0.0)), "eye")
    assert frame is not None
    expected = np.diag([1.0, -1.0, -1.0, 1.0])
    expected[:3, 3] = 1.0, 2.0, 3.0
    np.testing.assert_allclose(frame.pose_base_from_camera, expected, atol=1e-12)


@pytest.mark.parametrize("quaternion", [(0.0,) * 4, (np.nan, 0.0, 0.0, 0.0), (2.0, 0.0, 0.0, 0.0)])
def test_an_orientation_that_is_none_is_a_fault_of_the_frame_and_no_error(
    quaternion: tuple[float, float, float, float], tmp_path: Path
) -> None:
    frame = read_frame(written(tmp_path / "frame", quaternion), "eye")
    assert frame is not None
    verdict = FrameJudge(FrameLimits(8, 6, depth=False)).judge(frame, 5)
    assert verdict.fault is FrameFault.NOT_CALIBRATED

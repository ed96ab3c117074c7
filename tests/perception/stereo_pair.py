"""Pairs of a textured wall whose depth is known without a renderer."""

from __future__ import annotations

import cv2
import numpy as np

from perception.frames import Frame

FOCAL_PX, BASELINE_M = 330.0, 0.09


def frame(rgb: np.ndarray, camera: str = "left", stamp_ns: int = 7, pose: np.ndarray | None = None) -> Frame:
    height, width = rgb.shape[:2]
    centre = (width - 1) / 2.0, (height - 1) / 2.0
    return Frame(camera, 1, stamp_ns, rgb, None, FOCAL_PX, FOCAL_PX, *centre, np.eye(4) if pose is None else pose)


def right_pose(offset: tuple[float, float, float] = (BASELINE_M, 0.0, 0.0)) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, 3] = offset
    return pose


def wall(disparity_px: float, seed: int = 0, height: int = 120, width: int = 320) -> tuple[Frame, Frame]:
    """A wall across the view, with texture, at depth focal length x baseline / disparity."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(30, 220, (height // 4 + 2, width // 4 + 40)).astype(np.float32)
    texture = cv2.resize(coarse, (4 * coarse.shape[1], 4 * coarse.shape[0]), interpolation=cv2.INTER_CUBIC)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    images = []
    for shift in (0.0, disparity_px):
        grey = cv2.remap(texture, columns + np.float32(shift), rows, cv2.INTER_CUBIC)
        images.append(np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2))
    return frame(images[0]), frame(images[1], "right", pose=right_pose())


def turned(frame: Frame, rotation: np.ndarray) -> Frame:
    """What the same camera sees after it was turned on the spot by `rotation` (3, 3), in its own axes."""
    intrinsics = np.array([[frame.fx, 0.0, frame.cx], [0.0, frame.fy, frame.cy], [0.0, 0.0, 1.0]])
    homography = intrinsics @ rotation.T @ np.linalg.inv(intrinsics)
    size = (frame.rgb.shape[1], frame.rgb.shape[0])
    rgb = cv2.warpPerspective(frame.rgb, homography, size, flags=cv2.INTER_CUBIC).astype(np.uint8)
    pose = frame.pose_base_from_camera.copy()
    pose[:3, :3] = pose[:3, :3] @ rotation
    return Frame(frame.camera, frame.number, frame.stamp_ns, rgb, None, frame.fx, frame.fy, frame.cx, frame.cy, pose)

"""Poses of things from the nine points of the box around them, and how far two poses of a symmetric thing differ.

The box of a thing has eight corners, in the order of the signs of x, y, z from (-, -, -) to (+, +, +) with x slowest,
and its centre. Camera axes: x right, y down, z forward.
"""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SAME_EXTENT = 0.12  # of the largest: extents that differ by less may be taken for each other

CORNERS: Array = np.array(list(itertools.product((-0.5, 0.5), repeat=3)))
POINTS: Array = np.concatenate([CORNERS, np.zeros((1, 3))])


def _cube_rotations() -> Array:
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((-1.0, 1.0), repeat=3):
            rotation = np.zeros((3, 3))
            rotation[order, range(3)] = signs
            if np.linalg.det(rotation) > 0.0:
                found.append(rotation)
    return np.array(found)


CUBE_ROTATIONS = _cube_rotations()
"""The 24 rotations (24, 3, 3) that map a cube onto itself."""


def canonical_frames(
    label: str, rotation: Array, size_m: Array, position: Array, count: int
) -> list[tuple[Array, Array]]:
    """The ways to name the axes of a thing's box that a camera can tell, best first.

    z is the axis nearest to up in the image, x the one nearest to the line of sight: a turned cube looks the same, so
    only what is seen may name its axes.

    Args:
        label: `cube`, `box`, `cylinder` or `ball`.
        rotation: camera from object, (3, 3).
        size_m: (3,) along the object's own axes; a cylinder's axis is z.
        position: of its centre in the camera's frame, (3,).
        count: how many are wanted; only a cube and a box have more than one.

    Returns:
        Rotation camera from box (3, 3), and extents (3,), of each.
    """
    sight = position / np.linalg.norm(position)
    up = np.array([0.0, -1.0, 0.0])
    if label == "ball":
        return [(_frame(up, sight), size_m)] * count
    if label == "cylinder":
        axis = rotation[:, 2] * (1.0 if rotation[:, 2] @ (up + [0.01, 0.0, 0.0]) >= 0.0 else -1.0)
        return [(_frame(axis, sight), size_m)] * count
    frames = rotation @ CUBE_ROTATIONS
    order = np.argsort(-(2.0 * frames[:, :, 2] @ up + frames[:, :, 0] @ sight), kind="stable")[:count]
    return [(frames[index], np.abs(CUBE_ROTATIONS[index]).T @ size_m) for index in order]


def _frame(z: Array, ahead: Array) -> Array:
    """A rotation with this z axis (unit length) and its x axis as far along `ahead` as that allows."""
    x = ahead - (ahead @ z) * z
    if np.linalg.norm(x) < 1e-3:  # looked at along its axis: any x is as good
        x = np.array([1.0, 0.0, 0.0]) - z[0] * z
    x = x / np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def solve(points: Array, extents: Array, scores: Array, focal_px: float, centre: tuple[float, float]) -> Array | None:
    """Pose of a box from its points in an image, up to scale.

    Args:
        points: (9, 2) px.
        extents: (3,), relative to the largest.
        scores: (9,), 0..1; points below a third of the best are left out.
        focal_px: of the camera.
        centre: where its axis meets the image, px.

    Returns:
        Camera from box (4, 4) for a box whose largest extent is 1; None if no box in front of the camera fits.
    """
    used = scores >= scores.max() / 3.0
    if used.sum() < 5 or not np.isfinite(points).all():
        return None
    camera = np.array([[focal_px, 0.0, centre[0]], [0.0, focal_px, centre[1]], [0.0, 0.0, 1.0]])
    model = (POINTS * extents)[used]
    seen = np.ascontiguousarray(points[used], dtype=np.float64)
    try:
        ok, turn, position = cv2.solvePnP(model, seen, camera, None, flags=cv2.SOLVEPNP_SQPNP)
        if not ok or position[2, 0] <= 0.0:
            return None
        turn, position = cv2.solvePnPRefineLM(model, seen, camera, None, turn, position)
    except cv2.error:  # points that coincide, or lie on one line
        return None
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = cv2.Rodrigues(turn)[0], position[:, 0]
    return pose if np.isfinite(pose).all() and pose[2, 3] > 0.0 else None


def scale_by_depth(
    pose: Array, extents: Array, pixels: Array, depth_m: Array, focal_px: float, centre: tuple[float, float]
) -> float | None:
    """The size of the largest extent (m) at which the box's visible faces lie at the measured depth.

    Args:
        pose: camera from box of size 1, see `solve`.
        extents: (3,), relative to the largest.
        pixels: (n, 2) columns and rows that show the thing.
        depth_m: (n,) measured there, > 0.
        focal_px: of the camera.
        centre: where its axis meets the image, px.

    Returns:
        None if too few of the pixels' rays meet the box.
    """
    rays = np.column_stack([(pixels - centre) / focal_px, np.ones(len(pixels))])
    origin = -pose[:3, :3].T @ pose[:3, 3]
    direction = rays @ pose[:3, :3]
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (sign * extents / 2.0 - origin for sign in (-1.0, 1.0))
        one, other = one / direction, other / direction
    enter, leave = np.minimum(one, other).max(axis=1), np.maximum(one, other).min(axis=1)
    hit = (enter < leave) & (enter > 0.0)
    if hit.sum() < 4:
        return None
    return float(np.median(depth_m[hit] / enter[hit]))


def angle_between(label: str, one: Array, one_extents: Array, other: Array, other_extents: Array) -> float:
    """By how much two rotations of a thing differ to the eye, rad; 0 for a ball.

    Args:
        label: `cube`, `box`, `cylinder` or `ball`.
        one: (3, 3).
        one_extents: (3,), of its box along its axes; only their ratios count.
        other: (3, 3); its axes may be named in another order, as its extents tell.
        other_extents: (3,).
    """
    if label == "ball":
        return 0.0
    if label == "cylinder":
        return math.acos(min(1.0, abs(float(one[:, 2] @ other[:, 2]))))
    wanted, given = one_extents / one_extents.max(), other_extents / other_extents.max()
    mismatch = np.abs(np.abs(CUBE_ROTATIONS.transpose(0, 2, 1)) @ given - wanted).max(axis=1)
    rotations = CUBE_ROTATIONS[(mismatch <= mismatch.min() + SAME_EXTENT) | (label == "cube")]
    traces = np.einsum("ij,nij->n", one, other @ rotations)
    return math.acos(min(1.0, max(-1.0, (float(traces.max()) - 1.0) / 2.0)))

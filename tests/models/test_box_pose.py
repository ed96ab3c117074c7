from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from models.box_pose import CUBE_ROTATIONS, POINTS, angle_between, canonical_frames, scale_by_depth, solve

FOCAL, CENTRE = 300.0, (159.5, 119.5)
SIZES = {"cube": (0.04, 0.04, 0.04), "box": (0.05, 0.03, 0.035), "cylinder": (0.03, 0.03, 0.05), "ball": (0.04,) * 3}
labels = st.sampled_from(sorted(SIZES))
seeds = st.integers(0, 100_000)


def random_pose(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Camera from object: rotation (3, 3) and position (3,), in view."""
    random = np.random.default_rng(seed)
    return Rotation.random(random_state=seed).as_matrix(), random.uniform([-0.2, -0.15, 0.5], [0.2, 0.15, 1.2])


def project(points: np.ndarray) -> np.ndarray:
    return np.asarray(FOCAL * points[:, :2] / points[:, 2:] + CENTRE)


def test_a_cube_has_twenty_four_rotations_and_they_are_a_group() -> None:
    assert len(CUBE_ROTATIONS) == 24
    known = {tuple(item.ravel().tolist()) for item in CUBE_ROTATIONS}
    for one in CUBE_ROTATIONS:
        assert tuple((one.T + 0.0).ravel().tolist()) in known
        for other in CUBE_ROTATIONS:
            assert tuple((one @ other + 0.0).ravel().tolist()) in known


@given(label=labels, seed=seeds)
@settings(max_examples=25)
def test_canonical_frames_are_proper_rotations(label: str, seed: int) -> None:
    rotation, position = random_pose(seed)
    for frame, extents in canonical_frames(label, rotation, np.array(SIZES[label]), position, 2):
        np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(frame) == pytest.approx(1.0)
        assert sorted(extents) == pytest.approx(sorted(SIZES[label]))


@given(label=st.sampled_from(["cube", "box"]), seed=seeds, turn=st.integers(0, 23))
@settings(max_examples=25)
def test_how_the_axes_of_a_thing_are_named_does_not_change_its_canonical_frame(
    label: str, seed: int, turn: int
) -> None:
    rotation, position = random_pose(seed)
    size = np.array(SIZES[label])
    renamed = rotation @ CUBE_ROTATIONS[turn]
    other_size = np.abs(CUBE_ROTATIONS[turn]).T @ size
    ((frame, extents),) = canonical_frames(label, rotation, size, position, 1)
    ((other, other_extents),) = canonical_frames(label, renamed, other_size, position, 1)
    np.testing.assert_allclose(frame, other, atol=1e-9)
    np.testing.assert_allclose(extents, other_extents)


@given(seed=seeds, turn=st.floats(-math.pi, math.pi))
@settings(max_examples=30)
def test_a_cylinder_that_turns_about_its_axis_has_the_same_frame(seed: int, turn: float) -> None:
    rotation, position = random_pose(seed)
    turned = rotation @ Rotation.from_euler("z", turn).as_matrix()
    size = np.array(SIZES["cylinder"])
    ((frame, _),) = canonical_frames("cylinder", rotation, size, position, 1)
    ((other, _),) = canonical_frames("cylinder", turned, size, position, 1)
    np.testing.assert_allclose(frame, other, atol=1e-6)


@given(label=labels, seed=seeds)
@settings(max_examples=25)
def test_the_frame_names_the_same_box_in_space(label: str, seed: int) -> None:
    """Its corners are those of the thing; a round thing's box may be any around it."""
    rotation, position = random_pose(seed)
    size = np.array(SIZES[label])
    ((frame, extents),) = canonical_frames(label, rotation, size, position, 1)
    assert angle_between(label, rotation, size, frame, extents) < 1e-6


@given(seed=seeds)
@settings(max_examples=25)
def test_the_pose_is_that_of_the_projected_points_up_to_scale(seed: int) -> None:
    rotation, position = random_pose(seed)
    size = np.array(SIZES["box"])
    pixels = project(POINTS * size @ rotation.T + position)
    pose = solve(pixels, size / size.max(), np.ones(9), FOCAL, CENTRE)
    assert pose is not None
    np.testing.assert_allclose(pose[:3, :3], rotation, atol=1e-4)
    np.testing.assert_allclose(pose[:3, 3] * size.max(), position, rtol=1e-4, atol=1e-5)


def test_points_that_are_not_believed_do_not_count() -> None:
    rotation, position = random_pose(3)
    size = np.array(SIZES["box"])
    pixels = project(POINTS * size @ rotation.T + position)
    pixels[:2] += 40.0
    scores = np.ones(9)
    scores[:2] = 0.1
    pose = solve(pixels, size / size.max(), scores, FOCAL, CENTRE)
    assert pose is not None
    np.testing.assert_allclose(pose[:3, :3], rotation, atol=1e-4)


def test_too_few_points_or_garbage_have_no_pose() -> None:
    pixels = np.random.default_rng(0).uniform(0.0, 200.0, (9, 2))
    assert solve(pixels, np.ones(3), np.array([1.0] * 4 + [0.0] * 5), FOCAL, CENTRE) is None
    assert solve(np.full((9, 2), np.nan), np.ones(3), np.ones(9), FOCAL, CENTRE) is None


@given(seed=seeds, size_m=st.floats(0.02, 0.2))
@settings(max_examples=6)
def test_measured_depth_of_the_faces_tells_the_size(seed: int, size_m: float) -> None:
    rotation, _ = random_pose(seed)
    relative = np.array([1.0, 0.6, 0.7])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, (1.0, -0.5, 12.0)
    middle = project(pose[None, :3, 3])[0]
    columns, rows = np.meshgrid(np.arange(-4, 5), np.arange(-4, 5))
    pixels = np.round(middle) + np.stack([columns.ravel(), rows.ravel()], axis=1)
    rays = np.column_stack([(pixels - CENTRE) / FOCAL, np.ones(len(pixels))])
    depth_m = []
    for ray in rays:  # marched, not solved: nothing in common with what is tested
        steps = np.linspace(11.0, 13.0, 4001)
        inside = (np.abs((steps[:, None] * ray - pose[:3, 3]) @ rotation) <= relative / 2.0).all(axis=1)
        depth_m.append(steps[np.argmax(inside)] * size_m)
    assert scale_by_depth(pose, relative, pixels, np.array(depth_m), FOCAL, CENTRE) == pytest.approx(size_m, rel=1e-3)


def test_rays_that_miss_the_box_tell_nothing() -> None:
    pose = np.eye(4)
    pose[2, 3] = 10.0
    pixels = np.full((20, 2), 5.0)
    assert scale_by_depth(pose, np.ones(3), pixels, np.ones(20), FOCAL, CENTRE) is None


@given(label=labels, seed=seeds, turn=st.integers(0, 23), about=st.floats(-3.0, 3.0))
@settings(max_examples=25)
def test_two_poses_that_look_the_same_do_not_differ(label: str, seed: int, turn: int, about: float) -> None:
    rotation, _ = random_pose(seed)
    size = np.array(SIZES[label])
    symmetry, other_size = np.eye(3), size
    if label in ("cube", "box"):
        symmetry = CUBE_ROTATIONS[turn]
        other_size = np.abs(symmetry).T @ size
    elif label == "cylinder":
        symmetry = Rotation.from_euler("z", about).as_matrix() @ np.diag([1.0, -1.0, -1.0])
    else:
        symmetry = Rotation.random(random_state=turn).as_matrix()
    assert angle_between(label, rotation, size, rotation @ symmetry, other_size) < 1e-6


@given(seed=seeds, angle=st.floats(0.0, 0.6))
@settings(max_examples=30)
def test_a_small_turn_of_a_cube_or_a_tilt_of_a_cylinder_is_measured(seed: int, angle: float) -> None:
    rotation, _ = random_pose(seed)
    turned = rotation @ Rotation.from_euler("x", angle).as_matrix()
    for label in ("cube", "cylinder"):
        size = np.array(SIZES[label])
        assert angle_between(label, rotation, size, turned, size) == pytest.approx(angle, abs=1e-6)

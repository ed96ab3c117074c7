from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from policies.trajectory import JointMotion, MotionLimits, NoMotion, PathMotion, Reference, StopMotion
from rt_control.robot_file import RobotDescription

LIMITS = MotionLimits(np.full(3, 2.0), np.full(3, 4.0), np.full(3, 60.0))
positions = arrays(np.float64, 3, elements=st.floats(-1.5, 1.5))
velocities = arrays(np.float64, 3, elements=st.floats(-1.5, 1.5))


def at_rest(position: np.ndarray) -> Reference:
    return Reference(position, np.zeros(3), np.zeros(3))


def derivatives(samples: np.ndarray, step_s: float) -> tuple[np.ndarray, np.ndarray]:
    velocity = np.diff(samples, axis=0) / step_s
    return velocity, np.diff(velocity, axis=0) / step_s


@settings(max_examples=50, deadline=None)
@given(start=positions, velocity=velocities, target=positions)
@example(start=np.zeros(3), velocity=np.array([-2.220446049250313e-16, 1e-12, 0.0]), target=np.array([0.0, 1e-12, 0.0]))
def test_a_joint_motion_goes_from_the_reference_to_the_target_inside_its_limits(
    start: np.ndarray, velocity: np.ndarray, target: np.ndarray
) -> None:
    motion = JointMotion(Reference(start, velocity, np.zeros(3)), target, LIMITS)
    times = np.arange(0.0, motion.duration_s + 0.01, 1e-3)
    samples = motion.positions(times)
    assert samples[0] == pytest.approx(start, abs=1e-9)
    assert samples[-1] == pytest.approx(target, abs=1e-6)
    speeds, accelerations = derivatives(samples, 1e-3)
    assert np.abs(speeds).max() <= 2.0 + 1e-3
    assert np.abs(accelerations).max() <= 4.0 + 1e-2


@settings(deadline=None)
@given(start=positions, target=positions)
def test_a_joint_motion_from_rest_is_a_straight_line_in_joint_space(start: np.ndarray, target: np.ndarray) -> None:
    motion = JointMotion(at_rest(start), target, LIMITS)
    samples = motion.positions(np.linspace(0.0, motion.duration_s, 30)) - start
    way = target - start
    length = float(np.linalg.norm(way))
    if length > 1e-3:
        along = np.outer(samples @ way / length**2, way)
        assert np.abs(samples - along).max() < 1e-6


@settings(deadline=None)
@given(start=positions, velocity=velocities)
def test_a_stop_ends_at_rest_and_stays_there(start: np.ndarray, velocity: np.ndarray) -> None:
    motion = StopMotion(Reference(start, velocity, np.zeros(3)), LIMITS)
    late = motion.positions(motion.duration_s + np.array([0.0, 0.1, 5.0]))
    assert late[0] == pytest.approx(late[2], abs=1e-9)
    assert np.abs(late[0] - start).max() <= 1.5**2 / (2.0 * 4.0) + 1.5 * 4.0 / 60.0 + 1e-6


@settings(max_examples=30, deadline=None)
@given(start=positions, points=st.lists(positions, min_size=2, max_size=5))
def test_a_path_passes_its_waypoints_inside_the_limits(start: np.ndarray, points: list[np.ndarray]) -> None:
    motion = PathMotion(at_rest(start), points, LIMITS)
    times = np.arange(0.0, motion.duration_s + 0.01, 1e-3)
    samples = motion.positions(times)
    assert samples[0] == pytest.approx(start, abs=1e-6)
    assert samples[-1] == pytest.approx(points[-1], abs=1e-6)
    for point in points:
        assert np.abs(samples - point).max(axis=1).min() < 5e-3
    speeds, accelerations = derivatives(samples, 1e-3)
    assert np.abs(speeds).max() <= 2.0 + 1e-3
    assert np.abs(accelerations).max() <= 4.0 + 5e-2


def test_the_robots_limits_stay_below_those_that_rt_control_enforces(description: RobotDescription) -> None:
    limits = MotionLimits.of_robot(description)
    for index, axis in enumerate(description.axis):
        assert limits.velocity[index] < axis.velocity
        assert limits.acceleration[index] < axis.acceleration
        assert limits.jerk[index] < axis.jerk


def test_half_the_speed_takes_longer() -> None:
    target = np.array([1.0, 0.5, -1.0])
    slow = JointMotion(at_rest(np.zeros(3)), target, LIMITS.at_speed(0.5))
    assert slow.duration_s > JointMotion(at_rest(np.zeros(3)), target, LIMITS).duration_s


def test_a_reference_that_is_not_finite_gives_no_motion() -> None:
    with pytest.raises(NoMotion, match="no motion can be planned from here"):
        JointMotion(at_rest(np.array([np.nan, 0.0, 0.0])), np.zeros(3), LIMITS)

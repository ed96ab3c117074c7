from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from policies.follower import SETPOINTS, SPACING_NS, Follower, MotionGoal
from policies.trajectory import MotionLimits, NoMotion, Reference

AXES = 3  # two of an arm, and a gripper
LOWER, UPPER = np.array([-2.0, -2.0, 0.0]), np.array([2.0, 2.0, 0.04])
LIMITS = MotionLimits(np.array([2.0, 2.0, 0.1]), np.array([4.0, 4.0, 1.0]), np.array([60.0, 60.0, 20.0]))
inside = st.tuples(st.floats(-1.9, 1.9), st.floats(-1.9, 1.9), st.floats(0.0, 0.04)).map(np.array)
speeds = arrays(np.float64, AXES, elements=st.floats(-0.1, 0.1))


def follower() -> Follower:
    return Follower(LIMITS, LOWER, UPPER, (0, 1), 2)


def at_rest(position: np.ndarray) -> Reference:
    return Reference(position, np.zeros(AXES), np.zeros(AXES))


@settings(deadline=None)
@given(position=inside, velocity=speeds, targets=st.lists(inside, max_size=4), speed=st.floats(0.0, 1.0))
def test_a_chunk_begins_at_the_reference_and_stays_inside_the_limits(
    position: np.ndarray, velocity: np.ndarray, targets: list[np.ndarray], speed: float
) -> None:
    goal = MotionGoal(tuple(targets), 0.02)
    chunk = follower().setpoints(goal, Reference(position, velocity, np.zeros(AXES)), 0, speed)
    assert chunk.shape == (SETPOINTS, AXES)
    assert chunk[0] == pytest.approx(position, abs=1e-6)
    assert (chunk >= LOWER).all()
    assert (chunk <= UPPER).all()
    limit = np.maximum(np.abs(velocity), LIMITS.velocity) * SPACING_NS * 1e-9
    assert (np.abs(np.diff(chunk, axis=0)) <= limit + 1e-9).all()


@settings(deadline=None)
@given(position=inside, targets=st.lists(inside, min_size=1, max_size=4))
def test_the_next_chunk_repeats_what_is_left_of_this_one(position: np.ndarray, targets: list[np.ndarray]) -> None:
    planner, goal = follower(), MotionGoal(tuple(targets), 0.0)
    first = planner.setpoints(goal, at_rest(position), 0, 1.0)
    velocity = (first[4] - first[2]) / (2.0 * SPACING_NS * 1e-9)
    second = planner.setpoints(goal, Reference(first[3], velocity, np.zeros(AXES)), 3 * SPACING_NS, 1.0)
    assert second[:-3] == pytest.approx(first[3:], abs=1e-9)


def test_a_reference_that_was_held_back_gets_a_new_plan() -> None:
    planner, goal = follower(), MotionGoal((np.array([1.0, 1.0, 0.0]),))
    start = at_rest(np.zeros(AXES))
    planner.setpoints(goal, start, 0, 1.0)
    late = planner.setpoints(goal, start, 500_000_000, 1.0)
    assert late[0] == pytest.approx(start.position)


def test_waypoints_that_were_passed_are_not_visited_again() -> None:
    planner = follower()
    goal = MotionGoal((np.array([0.5, 0.0, 0.0]), np.array([1.0, 0.0, 0.0])))
    planner.setpoints(goal, at_rest(np.zeros(AXES)), 0, 1.0)
    chunk = planner.setpoints(goal, at_rest(np.array([0.7, 0.0, 0.0])), 10 * SPACING_NS, 1.0)
    assert (np.diff(chunk[:, 0]) >= -1e-9).all()


def test_a_goal_without_waypoints_brings_the_arm_to_rest() -> None:
    moving = Reference(np.zeros(AXES), np.array([0.2, -0.2, 0.0]), np.zeros(AXES))
    chunk = follower().setpoints(MotionGoal(), moving, 0, 1.0)
    assert chunk[-1] == pytest.approx(chunk[-2], abs=1e-9)


def test_arriving_means_standing_at_the_end() -> None:
    planner, goal = follower(), MotionGoal((np.array([1.0, 0.0, 0.0]),), 0.02)
    assert planner.arrived(goal, at_rest(np.array([1.0, 0.0, 0.02])))
    assert not planner.arrived(goal, at_rest(np.array([1.0, 0.0, 0.0])))
    assert not planner.arrived(goal, at_rest(np.array([0.9, 0.0, 0.02])))
    moving = Reference(np.array([1.0, 0.0, 0.02]), np.array([0.1, 0.0, 0.0]), np.zeros(AXES))
    assert not planner.arrived(goal, moving)


def test_a_reference_that_is_not_finite_gives_no_motion() -> None:
    with pytest.raises(NoMotion):
        follower().setpoints(MotionGoal(), at_rest(np.array([np.nan, 0.0, 0.0])), 0, 1.0)

from __future__ import annotations

import numpy as np
import pytest

from policies.activity import Step, View
from policies.follower import SPACING_NS, MotionGoal
from policies.motion_source import IMPLAUSIBLE, MotionSource
from policies.workspace import Workspace
from rt_control._native import Command, Source
from rt_control.robot_file import RobotDescription
from tests.policies.robot_player import EPOCH, RobotPlayer

ROWS = ("position", "velocity", "position_reference", "velocity_reference", "acceleration_reference")


@pytest.fixture
def source(workspace: Workspace) -> MotionSource:
    return MotionSource(workspace, Source.policy)


@pytest.fixture
def robot(description: RobotDescription) -> RobotPlayer:
    return RobotPlayer(description)


def view_of(source: MotionSource, robot: RobotPlayer) -> View:
    view = source.view(robot.state, None, None)
    assert view is not None
    return view


def command(source: MotionSource, robot: RobotPlayer, goal: MotionGoal) -> Command:
    view = view_of(source, robot)
    step = Step("test", goal, view.stamp_ns - 5, None)
    made = source.command(step, view, robot.state, epoch=EPOCH, skill=3, speed=1.0)
    assert made is not None
    return made


def near(robot: RobotPlayer) -> MotionGoal:
    target = robot.reference
    target[0] += 0.2
    return MotionGoal((target,))


def test_it_may_move_only_with_authority_under_its_epoch_and_without_a_latched_stop(
    source: MotionSource, robot: RobotPlayer
) -> None:
    assert source.may_move(robot.state, EPOCH)
    assert not source.may_move(robot.state, EPOCH + 1)
    robot.state.latched = 1
    assert not source.may_move(robot.state, EPOCH)
    robot.state.latched = 0
    robot.state.authority = Source.fallback
    assert not source.may_move(robot.state, EPOCH)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2.0 * IMPLAUSIBLE])
def test_numbers_that_cannot_be_true_give_no_view(
    source: MotionSource, robot: RobotPlayer, row: str, value: float
) -> None:
    numbers = np.array(getattr(robot.state, row))
    numbers[2] = value
    setattr(robot.state, row, numbers)
    assert source.view(robot.state, None, None) is None


def test_what_stands_behind_the_last_axis_does_not_matter(source: MotionSource, robot: RobotPlayer) -> None:
    numbers = np.array(robot.state.position)
    numbers[robot.axes :] = np.nan
    robot.state.position = numbers
    assert source.view(robot.state, None, None) is not None


def test_a_command_says_whose_it_is_and_begins_at_the_reference(source: MotionSource, robot: RobotPlayer) -> None:
    sent = command(source, robot, near(robot))
    assert (sent.source, sent.epoch, sent.skill) == (Source.policy, EPOCH, 3)
    assert (sent.start_ns, sent.observation_ns) == (robot.state.trajectory_ns, robot.now_ns - 5)
    assert sent.end_ns == robot.now_ns + (sent.count - 1) * SPACING_NS
    assert np.array(sent.position)[0, : robot.axes] == pytest.approx(robot.reference, abs=1e-9)


def test_numbers_of_commands_rise_also_above_what_a_predecessor_has_sent(
    source: MotionSource, robot: RobotPlayer
) -> None:
    goal = near(robot)
    first = command(source, robot, goal).command_id
    robot.state.command_id = 1000
    assert command(source, robot, goal).command_id == 1001 > first
    robot.state.command_id = 5
    assert command(source, robot, goal).command_id == 1002


def test_the_speed_scale_in_force_bounds_the_plan(source: MotionSource, robot: RobotPlayer) -> None:
    def reach() -> float:
        source.forget()
        sent = command(source, robot, near(robot))
        return float(np.array(sent.position)[sent.count - 1, 0] - robot.reference[0])

    free = reach()
    robot.state.speed_scale = 0.1
    assert 0.0 < reach() < free


def test_it_has_arrived_when_reference_and_arm_stand_at_the_goal(source: MotionSource, robot: RobotPlayer) -> None:
    goal = near(robot)
    for _ in range(300):
        robot.play(command(source, robot, goal))
        if view_of(source, robot).arrived_at is goal:
            break
    assert view_of(source, robot).arrived_at is goal
    assert robot.reference[0] == pytest.approx(goal.waypoints[0][0], abs=1e-3)
    measured = np.array(robot.state.position)
    measured[0] += 0.05  # the arm lags behind its reference
    robot.state.position = measured
    assert view_of(source, robot).arrived_at is None


def test_forgotten_a_goal_is_not_arrived_at(source: MotionSource, robot: RobotPlayer) -> None:
    goal = MotionGoal()
    command(source, robot, goal)
    assert view_of(source, robot).arrived_at is goal
    source.forget()
    assert view_of(source, robot).arrived_at is not goal

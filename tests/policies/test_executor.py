from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from policies.executor import PolicyExecutor
from policies.skill import Assignment, Goal, MoveTo, Pick, Place
from robot_runtime.policy_setup import make_executor
from rt_control._native import MAX_AXES, Kinematics, Source, State
from rt_control.robot_file import RobotDescription
from tests.policies.expert_policy import ExpertPolicy
from tests.policies.robot_player import EPOCH, RobotPlayer, cube, scene

anything = arrays(np.float64, MAX_AXES, elements=st.floats(allow_nan=True, allow_infinity=True))
near_home = arrays(np.float64, MAX_AXES, elements=st.floats(-3.0, 3.0))
goals = st.sampled_from([MoveTo("home"), MoveTo("nowhere"), Pick("red_cube"), Place("left_bin")])


@pytest.fixture
def executor(description: RobotDescription, kinematics: Kinematics) -> PolicyExecutor:
    return make_executor(description, kinematics, ExpertPolicy(description, kinematics), modelled_delay_ns=lambda: 0)


@pytest.fixture
def robot(description: RobotDescription) -> RobotPlayer:
    return RobotPlayer(description)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.one_of(st.lists(anything, min_size=5, max_size=5), st.lists(near_home, min_size=5, max_size=5)),
    goal=goals,
    seen=st.booleans(),
    scale=st.floats(0.0, 1.0),
)
def test_whatever_the_state_no_command_has_a_number_that_is_not_finite(
    rows: list[np.ndarray],
    goal: Goal,
    seen: bool,
    scale: float,
    description: RobotDescription,
    kinematics: Kinematics,
) -> None:
    executor = make_executor(
        description, kinematics, ExpertPolicy(description, kinematics), modelled_delay_ns=lambda: 0
    )
    state = State()
    state.authority, state.epoch, state.speed_scale = Source.policy, EPOCH, scale
    state.position, state.velocity = rows[0], rows[1]
    state.position_reference, state.velocity_reference, state.acceleration_reference = rows[2:]
    for tick in range(15):
        state.stamp_ns = 1_000_000_000 + tick * 10_000_000
        view = scene(cube(stamp_ns=state.stamp_ns), stamp_ns=state.stamp_ns) if seen else None
        command, report = executor.tick(state.stamp_ns, state, view, Assignment(1, EPOCH, goal, scale))
        assert report is not None
        if command is not None:
            positions = np.array(command.position)[: command.count, : command.axes]
            assert np.isfinite(positions).all()
            assert command.start_ns == state.trajectory_ns


def test_without_an_assignment_nothing_is_produced(executor: PolicyExecutor, robot: RobotPlayer) -> None:
    assert executor.tick(robot.now_ns, robot.state, None, None) == (None, None)


def test_a_state_that_is_not_finite_fails_the_skill(executor: PolicyExecutor, robot: RobotPlayer) -> None:
    robot.state.position = np.full(MAX_AXES, np.nan)
    command, report = executor.tick(robot.now_ns, robot.state, None, Assignment(1, EPOCH, MoveTo("home")))
    assert command is None
    assert report is not None
    assert (report.outcome, report.reason) == ("failed", "the robot's state is not finite or beyond belief")


@pytest.mark.parametrize("lack", ["authority", "epoch", "latched"])
def test_without_the_right_to_move_it_waits(executor: PolicyExecutor, robot: RobotPlayer, lack: str) -> None:
    setattr(robot.state, lack, {"authority": Source.fallback, "epoch": EPOCH + 1, "latched": 1}[lack])
    command, report = executor.tick(robot.now_ns, robot.state, None, Assignment(1, EPOCH, MoveTo("home")))
    assert command is None
    assert report is not None
    assert (report.outcome, report.phase) == ("running", "wait for authority")


def test_an_ended_skill_keeps_its_report_and_sends_nothing_more(executor: PolicyExecutor, robot: RobotPlayer) -> None:
    assignment = Assignment(3, EPOCH, MoveTo("nowhere"))
    _, first = executor.tick(robot.now_ns, robot.state, None, assignment)
    robot.play(None)
    command, second = executor.tick(robot.now_ns, robot.state, None, assignment)
    assert command is None
    assert first == second


def test_a_new_assignment_replaces_the_old_one_at_once(executor: PolicyExecutor, robot: RobotPlayer) -> None:
    command, report = executor.tick(robot.now_ns, robot.state, None, Assignment(1, EPOCH, Pick("red_cube")))
    assert command is not None
    assert report is not None
    robot.play(command)
    command, report = executor.tick(robot.now_ns, robot.state, None, Assignment(2, EPOCH, MoveTo("home")))
    assert command is not None
    assert report is not None
    assert (command.skill, report.skill) == (2, 2)


def test_numbers_go_on_above_what_rt_control_executes(executor: PolicyExecutor, robot: RobotPlayer) -> None:
    robot.state.command_id = 5000
    command, _ = executor.tick(robot.now_ns, robot.state, None, Assignment(1, EPOCH, MoveTo("home")))
    assert command is not None
    assert command.command_id > 5000


def test_a_skill_that_never_ends_is_ended(executor: PolicyExecutor, robot: RobotPlayer) -> None:
    robot.place(np.zeros(8) + np.array([0.5, 0.0, 0.0, -1.5, 0.0, 1.5, 0.0, 0.0]))
    report = None
    for _ in range(5000):  # the robot does not move
        seen = scene(stamp_ns=robot.now_ns)
        _, report = executor.tick(robot.now_ns, robot.state, seen, Assignment(1, EPOCH, MoveTo("home")))
        robot.play(None)
        if report is not None and report.outcome != "running":
            break
    assert report is not None
    assert report.reason == "it took longer than 40 s, last in phase 'move'"


def test_time_in_which_the_robot_may_not_move_does_not_count(executor: PolicyExecutor, robot: RobotPlayer) -> None:
    robot.place(np.array([0.5, 0.0, 0.0, -1.5, 0.0, 1.5, 0.0, 0.0]))
    robot.state.speed_scale = 0.0
    for _ in range(5000):
        _, report = executor.tick(robot.now_ns, robot.state, None, Assignment(1, EPOCH, MoveTo("home")))
        robot.play(None)
    assert report is not None
    assert report.outcome == "running"

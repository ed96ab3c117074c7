from __future__ import annotations

import numpy as np
import pytest

from policies.retreat import SPEED, RetreatController
from policies.skill import Assignment, MoveTo, Pick, SkillReport
from rt_control._native import Kinematics, Source
from rt_control.robot_file import RobotDescription
from tests.policies.robot_player import EPOCH, RobotPlayer

AWAY = np.array([0.8, 0.3, 0.1, -1.8, 0.0, 2.0, 0.5, 0.02])


@pytest.fixture
def controller(description: RobotDescription, kinematics: Kinematics) -> RetreatController:
    return RetreatController(description, kinematics)


@pytest.fixture
def robot(description: RobotDescription) -> RobotPlayer:
    robot = RobotPlayer(description, Source.fallback)
    robot.place(AWAY)
    return robot


def test_without_an_assignment_it_brings_the_arm_to_rest_and_holds(
    controller: RetreatController, robot: RobotPlayer
) -> None:
    robot.place(AWAY, np.array([0.5, -0.3, 0.0, 0.0, 0.0, 0.0, 0.2, 0.0]))
    for _ in range(100):
        command, report = controller.tick(robot.now_ns, robot.state, None)
        assert command is not None
        assert report is None
        assert command.source == Source.fallback
        robot.play(command)
    assert np.array(robot.state.velocity_reference)[:8] == pytest.approx(np.zeros(8), abs=1e-6)
    assert robot.reference == pytest.approx(AWAY, abs=0.15)


def test_it_withdraws_slowly_when_told_and_holds_on(
    controller: RetreatController, robot: RobotPlayer, description: RobotDescription
) -> None:
    report: SkillReport | None = None
    for _ in range(6000):
        command, report = controller.tick(robot.now_ns, robot.state, Assignment(4, EPOCH, MoveTo("home")))
        assert command is not None
        limit = SPEED * np.array([axis.velocity for axis in description.axis])[:7]
        assert (np.abs(np.array(robot.state.velocity_reference)[:7]) <= limit + 1e-6).all()
        robot.play(command)
        if report is not None and report.outcome == "succeeded":
            break
    assert report is not None
    assert report.outcome == "succeeded"
    assert robot.reference[:7] == pytest.approx(description.home[:7], abs=2e-3)


def test_other_goals_fail_standing_still(controller: RetreatController, robot: RobotPlayer) -> None:
    command, report = controller.tick(robot.now_ns, robot.state, Assignment(4, EPOCH, Pick("red_cube")))
    assert report is not None
    assert (report.outcome, report.phase) == ("failed", "hold")
    assert command is not None
    assert np.array(command.position)[: command.count, :8] == pytest.approx(np.tile(AWAY, (command.count, 1)))


def test_without_authority_it_is_silent(controller: RetreatController, robot: RobotPlayer) -> None:
    robot.state.authority = Source.policy
    assert controller.tick(robot.now_ns, robot.state, None) == (None, None)

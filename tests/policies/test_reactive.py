from __future__ import annotations

import numpy as np
import pytest

from policies.reactive import SPEED, ReactiveController
from policies.skill import Assignment, MoveTo, Pick, Place, SkillReport
from rt_control._native import Kinematics, Source
from rt_control.robot_file import RobotDescription
from tests.policies.robot_player import EPOCH, RobotPlayer

AWAY = np.array([0.8, 0.3, 0.1, -1.8, 0.0, 2.0, 0.5, 0.02])


@pytest.fixture
def controller(description: RobotDescription, kinematics: Kinematics) -> ReactiveController:
    return ReactiveController(description, kinematics)


@pytest.fixture
def robot(description: RobotDescription) -> RobotPlayer:
    robot = RobotPlayer(description, Source.fallback)
    robot.place(AWAY)
    return robot


def test_without_an_assignment_it_brings_the_arm_to_rest_and_holds(
    controller: ReactiveController, robot: RobotPlayer
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
    controller: ReactiveController, robot: RobotPlayer, description: RobotDescription
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


def test_other_goals_fail_standing_still(controller: ReactiveController, robot: RobotPlayer) -> None:
    command, report = controller.tick(robot.now_ns, robot.state, Assignment(4, EPOCH, Pick("red_cube")))
    assert report is not None
    assert (report.outcome, report.phase) == ("failed", "hold")
    assert command is not None
    assert np.array(command.position)[: command.count, :8] == pytest.approx(np.tile(AWAY, (command.count, 1)))


def test_it_puts_down_what_it_holds_with_its_table_alone(
    controller: ReactiveController, robot: RobotPlayer, description: RobotDescription, kinematics: Kinematics
) -> None:
    held = np.array(description.home)
    held[7], robot.finger_stop = 0.015, 0.02
    robot.place(held)
    heights: dict[str, float] = {}
    report: SkillReport | None = None
    for _ in range(12000):
        command, report = controller.tick(robot.now_ns, robot.state, Assignment(4, EPOCH, Place("left_bin")))
        assert report is not None
        if report.outcome != "running":
            break
        assert (np.abs(np.array(robot.state.velocity_reference)[:7]) <= 0.5).all()
        robot.play(command)
        height = float(kinematics.forward(robot.reference)[2, 3])
        heights[report.phase] = min(height, heights.get(report.phase, 9.0))
    assert report is not None
    assert (report.outcome, report.reason) == ("succeeded", "")
    assert [name for name in heights if name != "come to rest"] == ["carry", "lower", "release", "retreat"]
    target = description.workcell.find_bin("left_bin")
    assert target is not None
    assert heights["carry"] - 0.03 > target.size[2]
    assert heights["lower"] < 0.08
    tcp = kinematics.forward(robot.reference)[:3, 3]
    assert np.abs(tcp[:2] - target.centre).max() < target.size[0] / 2.0 - 0.04
    assert robot.reference[7] > 0.02


def test_a_hand_that_holds_nothing_puts_nothing_down(controller: ReactiveController, robot: RobotPlayer) -> None:
    _, report = controller.tick(robot.now_ns, robot.state, Assignment(4, EPOCH, Place("left_bin")))
    assert report is not None
    assert report.reason == "nothing is held: the fingers press on nothing"


def test_without_authority_it_is_silent(controller: ReactiveController, robot: RobotPlayer) -> None:
    robot.state.authority = Source.policy
    assert controller.tick(robot.now_ns, robot.state, None) == (None, None)

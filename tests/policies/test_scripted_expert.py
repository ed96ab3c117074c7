"""The expert without physics: the reference follows it exactly, the fingers stop at what they meet."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.observation import GripperReading, PolicyTarget
from policies.scripted_expert import PERIOD_S, ScriptedExpert
from policies.trajectory import MotionLimits
from policies.workspace import Workspace
from rt_control._native import Kinematics
from rt_control.robot_file import RobotDescription

WIDTH_M = 0.04


class Played:
    """The robot as the expert moves it."""

    def __init__(self, description: RobotDescription, kinematics: Kinematics, thing_m: float) -> None:
        self.expert = ScriptedExpert(description, kinematics)
        self.kinematics = kinematics
        self.reference = np.array(description.home, dtype=np.float64)
        self.velocity = np.zeros(len(self.reference))
        self.thing_m = thing_m
        self.fastest = np.zeros(len(self.reference))
        self.sharpest = np.zeros(len(self.reference))

    def step(self, target: PolicyTarget) -> None:
        measured = max(float(self.reference[7]), self.thing_m / 2.0)
        reading = GripperReading(measured, 0.0)
        before = self.velocity
        self.reference, self.velocity = self.expert.step(self.reference, self.velocity, reading, target)
        self.fastest = np.maximum(self.fastest, np.abs(self.velocity))
        self.sharpest = np.maximum(self.sharpest, np.abs(self.velocity - before) / PERIOD_S)

    @property
    def tcp(self) -> np.ndarray:
        pose: np.ndarray = self.kinematics.forward(self.reference)
        return pose


def target(x: float, y: float, yaw: float = 0.0, opening: float = 0.032) -> PolicyTarget:
    return PolicyTarget("pick", (x, y, 0.02), yaw, opening, 0)


@settings(max_examples=25, deadline=None)
@given(x=st.floats(0.38, 0.62), y=st.floats(-0.2, 0.2), yaw=st.floats(-0.7, 0.7))
def test_wherever_the_object_is_it_is_lifted_straight_within_the_limits(
    x: float, y: float, yaw: float, description: RobotDescription, kinematics: Kinematics
) -> None:
    played = Played(description, kinematics, WIDTH_M)
    easy = Workspace(description, kinematics).easy_yaw(np.array([x, y]))
    goal = target(x, y, easy + yaw)
    lowest, closed_at = math.inf, None
    for _ in range(600):
        played.step(goal)
        lowest = min(lowest, float(played.tcp[2, 3]))
        if closed_at is None and played.reference[7] < 0.028:
            closed_at = played.tcp[:3, 3].copy()
    assert closed_at is not None
    assert np.linalg.norm(closed_at - goal.position_base) < 5e-3
    assert lowest > 0.015
    assert played.tcp[2, 3] > 0.18
    assert np.linalg.norm(played.tcp[:2, 3] - [x, y]) < 0.03
    limits = MotionLimits.of_robot(description)
    assert (played.fastest <= limits.velocity * 1.01).all()
    assert (played.sharpest <= limits.acceleration * 1.01).all()


def test_an_object_that_is_displaced_is_followed_and_from_low_down_over_the_top(
    description: RobotDescription, kinematics: Kinematics
) -> None:
    played = Played(description, kinematics, WIDTH_M)
    while played.tcp[2, 3] > 0.06:
        played.step(target(0.5, 0.0))
    heights = []
    for _ in range(400):
        played.step(target(0.5, 0.09))
        off = math.dist(played.tcp[:2, 3], (0.5, 0.09))
        if 0.02 < off < 0.07:
            heights.append(float(played.tcp[2, 3]))
    assert min(heights) > 0.07
    assert played.tcp[2, 3] > 0.17
    assert math.dist(played.tcp[:2, 3], (0.5, 0.09)) < 0.02


def test_fingers_that_closed_on_nothing_open_again_and_come_back(
    description: RobotDescription, kinematics: Kinematics
) -> None:
    played = Played(description, kinematics, 0.0)
    closings = 0
    closed_before = False
    for _ in range(1200):
        played.step(target(0.5, 0.0))
        closed = bool(played.reference[7] < 0.003)
        closings += closed and not closed_before
        closed_before = closed
    assert closings >= 2


def test_what_is_held_is_let_go_where_it_shall_be_and_the_hand_leaves(
    description: RobotDescription, kinematics: Kinematics
) -> None:
    played = Played(description, kinematics, WIDTH_M)
    while played.tcp[2, 3] < 0.17 or played.reference[7] > 0.01:
        played.step(target(0.5, 0.0))
    goal = PolicyTarget("place", (0.42, 0.44, 0.06), math.pi / 2.0, 0.032, 0)
    opened_at = None
    for _ in range(700):
        played.step(goal)
        if opened_at is None and played.reference[7] > 0.02:
            opened_at = played.tcp[:3, 3].copy()
            played.thing_m = 0.0
    assert opened_at is not None
    assert np.linalg.norm(opened_at - goal.position_base) < 8e-3
    assert played.tcp[2, 3] > 0.18
    assert played.reference[7] > 0.03


def test_a_robot_without_a_gripper_is_refused(description: RobotDescription, kinematics: Kinematics) -> None:
    import msgspec

    bare = msgspec.structs.replace(description, gripper=None)
    with pytest.raises(ValueError, match="has no gripper"):
        ScriptedExpert(bare, kinematics)

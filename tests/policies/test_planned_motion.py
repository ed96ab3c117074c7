from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from perception.scene import Scene, SceneObject
from policies.executor import PolicyExecutor
from policies.local_planner import LocalPlanner
from policies.skill import Assignment, MoveTo, SkillReport
from policies.thinking import ModelledThinking
from robot_runtime.policy_setup import make_executor
from rt_control._native import Kinematics
from rt_control.robot_file import RobotDescription
from tests.policies.expert_policy import ExpertPolicy
from tests.policies.robot_player import EPOCH, RobotPlayer, cube, scene

Look = Callable[[int], Scene | None]


class Stage:
    """An executor and a robot that obeys, over the left bin."""

    def __init__(self, description: RobotDescription, kinematics: Kinematics) -> None:
        self.kinematics = kinematics
        self.executor: PolicyExecutor = make_executor(
            description, kinematics, ExpertPolicy(description, kinematics), modelled_delay_ns=lambda: 0
        )
        self.robot = RobotPlayer(description)
        self.robot.place(np.array(description.workcell.poses["over_left_bin"]))
        self.tips: list[np.ndarray] = []
        self.reports: list[SkillReport] = []

    def go(self, look: Look, limit_s: float = 30.0, then: Callable[[SkillReport], bool] = lambda report: False) -> None:
        """To the other bin, until it ends or something is true."""
        for _ in range(round(100 * limit_s)):
            now = self.robot.now_ns
            assignment = Assignment(1, EPOCH, MoveTo("over_right_bin"))
            command, report = self.executor.tick(now, self.robot.state, look(now), assignment)
            assert report is not None
            self.reports.append(report)
            if report.outcome != "running" or then(report):
                return
            self.robot.play(command)
            self.tips.append(self.kinematics.forward(self.robot.reference)[:3, 3])
        raise AssertionError(f"it did not end: {self.reports[-1]}")

    @property
    def speeds(self) -> np.ndarray:
        speeds: np.ndarray = np.linalg.norm(np.diff(np.array(self.tips), axis=0), axis=1) * 100.0
        return speeds


def post(stamp_ns: int, height_m: float = 0.7) -> SceneObject:
    return SceneObject("post", (0.45, 0.0, height_m / 2.0), 0.0, (0.06, 0.06, height_m), 0.95, stamp_ns)


@pytest.fixture
def stage(description: RobotDescription, kinematics: Kinematics) -> Stage:
    return Stage(description, kinematics)


def test_the_way_goes_around_what_is_seen_and_says_what_is_left(stage: Stage) -> None:
    stage.go(lambda now: scene(post(now), stamp_ns=now))
    assert stage.reports[-1].outcome == "succeeded"
    moving = [report for report in stage.reports if report.clearance_m is not None]
    assert moving
    assert min(report.clearance_m or 0.0 for report in moving) > 0.015
    assert "post" in {report.nearest for report in moving}
    beside = [np.linalg.norm(tip[:2] - (0.45, 0.0)) for tip in stage.tips if tip[2] < 0.7]
    assert min(beside) > 0.03


def test_what_appears_in_the_way_stops_the_arm_and_is_gone_around(stage: Stage) -> None:
    begun_ns = stage.robot.now_ns

    def look(now: int) -> Scene:
        return scene(*([post(now)] if now - begun_ns > 800_000_000 else [cube(stamp_ns=now)]), stamp_ns=now)

    stage.go(look)
    assert stage.reports[-1].outcome == "succeeded"
    waits = [index for index, report in enumerate(stage.reports) if "post is in the way" in report.phase]
    assert waits
    assert stage.speeds[waits[0] : waits[-1] + 60].min() < 0.02


def test_no_way_is_a_failure_with_the_reason(stage: Stage) -> None:
    wall = SceneObject("wall", (0.64, 0.0, 0.9), 0.0, (1.0, 0.02, 1.8), 0.95, 0)
    above = SceneObject("wall above", (0.0, 0.0, 1.1), 0.0, (1.4, 0.02, 1.1), 0.95, 0)
    stage.go(lambda now: scene(wall, above, stamp_ns=now))
    report = stage.reports[-1]
    assert report.outcome == "failed"
    assert report.reason.startswith("there is no way to over_right_bin: ")
    assert "wall" in report.reason
    assert stage.speeds.max() < 1e-6


def test_a_person_in_the_way_is_waited_for(stage: Stage) -> None:
    begun_ns = stage.robot.now_ns

    def look(now: int) -> Scene:
        reaches = now - begun_ns < 6_000_000_000
        return Scene(1, now, (), 0.1, "oracle", person_point_base=(0.36, -0.36, 0.4) if reaches else None)

    stage.go(look)
    assert stage.reports[-1].outcome == "succeeded"
    assert any("a person" in report.phase for report in stage.reports)
    assert (stage.robot.now_ns - begun_ns) > 6_000_000_000


def test_without_a_fresh_scene_it_stands(stage: Stage) -> None:
    stage.go(lambda now: None, then=lambda report: len(stage.reports) > 100)
    assert stage.reports[-1].phase == "move: wait for perception"
    assert stage.speeds.max() < 1e-6


def test_a_planner_that_falls_silent_stops_the_arm_and_one_that_fails_is_a_reason(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.go(lambda now: scene(stamp_ns=now), then=lambda report: len(stage.tips) > 80)
    assert stage.speeds[-1] > 0.1
    monkeypatch.setattr(ModelledThinking, "answer", lambda self, now_ns: None)
    stage.go(lambda now: scene(stamp_ns=now), then=lambda report: "silent" in report.phase)
    asked = len(stage.tips)
    stage.go(lambda now: scene(stamp_ns=now), then=lambda report: len(stage.tips) > asked + 60)
    assert stage.speeds[-1] < 1e-3
    monkeypatch.undo()

    def fail(*_: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(LocalPlanner, "plan", fail)
    stage.go(lambda now: scene(stamp_ns=now))
    assert stage.reports[-1].reason == "there is no way to over_right_bin: the planner failed: RuntimeError: no memory"

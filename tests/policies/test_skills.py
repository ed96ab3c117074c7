from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from perception.scene import Scene, SceneObject
from policies.place import spots
from policies.skill import Assignment, Goal, MoveTo, Pick, Place, SkillReport
from robot_runtime.policy_setup import make_executor
from rt_control._native import Command, Kinematics
from rt_control.robot_file import RobotDescription
from tests.policies.expert_policy import ExpertPolicy
from tests.policies.robot_player import EPOCH, LAG_NS, RobotPlayer, cube, scene

Look = Callable[[int], Scene | None]


class Stage:
    """An executor, a robot that obeys, and what perception says at each moment."""

    def __init__(self, description: RobotDescription, kinematics: Kinematics) -> None:
        self.kinematics = kinematics
        policy = ExpertPolicy(description, kinematics)
        self.executor = make_executor(description, kinematics, policy, modelled_delay_ns=lambda: 0)
        self.robot = RobotPlayer(description)
        self.commands: list[Command] = []
        self.lowest_tcp_by_phase: dict[str, float] = {}
        self.skill = 0

    def run(self, goal: Goal, look: Look, limit_s: float = 60.0) -> SkillReport:
        """Run one skill to its end."""
        self.skill += 1
        for _ in range(round(limit_s * 100)):
            now = self.robot.now_ns
            assignment = Assignment(self.skill, EPOCH, goal)
            command, report = self.executor.tick(now, self.robot.state, look(now), assignment)
            assert report is not None
            if report.outcome != "running":
                assert command is None
                return report
            if command is not None:
                self.commands.append(command)
            height = float(self.kinematics.forward(self.robot.reference)[2, 3])
            self.lowest_tcp_by_phase[report.phase] = min(height, self.lowest_tcp_by_phase.get(report.phase, 9.0))
            self.robot.play(command)
        raise AssertionError(f"{goal} did not end within {limit_s} s")

    def grasp(self, width_m: float) -> None:
        """From now on the closing fingers meet something."""
        self.robot.finger_stop = width_m / 2.0


@pytest.fixture
def stage(description: RobotDescription, kinematics: Kinematics) -> Stage:
    return Stage(description, kinematics)


def sees(*objects: SceneObject) -> Look:
    def look(now_ns: int) -> Scene:
        fresh = tuple(cube(o.name, o.position_base[0], o.position_base[1], now_ns, o.yaw_rad) for o in objects)
        return scene(*fresh, stamp_ns=now_ns)

    return look


def test_a_pick_goes_over_the_object_down_to_it_and_up_again(stage: Stage) -> None:
    stage.grasp(0.04)
    report = stage.run(Pick("red_cube"), sees(cube()))
    assert (report.outcome, report.reason) == ("succeeded", "")
    assert list(stage.lowest_tcp_by_phase) == ["look", "approach", "descend", "grasp", "lift", "come to rest"]
    assert stage.lowest_tcp_by_phase["approach"] > 0.15
    assert stage.lowest_tcp_by_phase["grasp"] == pytest.approx(0.02, abs=2e-3)
    tcp = stage.kinematics.forward(stage.robot.reference)[:3, 3]
    assert tcp[:2] == pytest.approx([0.5, 0.1], abs=8e-3)


def test_chunks_rise_in_number_and_carry_their_observation(stage: Stage) -> None:
    stage.grasp(0.04)
    stage.run(Pick("red_cube"), sees(cube()))
    numbers = [command.command_id for command in stage.commands]
    assert numbers == sorted(set(numbers))
    for command in stage.commands:
        assert command.observation_ns - LAG_NS <= command.start_ns <= command.end_ns
        assert command.end_ns - command.start_ns >= 200_000_000
        assert command.epoch == EPOCH


def test_place_lowers_into_the_bin_opens_and_leaves(stage: Stage, description: RobotDescription) -> None:
    stage.grasp(0.04)
    stage.run(Pick("red_cube"), sees(cube()))
    stage.lowest_tcp_by_phase.clear()
    report = stage.run(Place("left_bin"), sees())
    assert (report.outcome, report.reason) == ("succeeded", "")
    assert list(stage.lowest_tcp_by_phase) == ["carry", "lower", "release", "retreat", "come to rest"]
    target = description.workcell.find_bin("left_bin")
    assert target is not None
    assert stage.lowest_tcp_by_phase["carry"] - 0.03 > target.size[2]
    tcp = stage.kinematics.forward(stage.robot.reference)[:3, 3]
    assert np.abs(tcp[:2] - target.centre).max() < target.size[0] / 2.0 - 0.04
    assert stage.robot.reference[7] > 0.02


def test_an_object_that_is_nowhere_is_named_with_what_is_seen(stage: Stage) -> None:
    report = stage.run(Pick("red_cube"), sees(cube("green_cylinder")))
    assert report.outcome == "failed"
    assert report.reason == "red_cube was not seen; seen: green_cylinder"


def test_without_perception_the_object_is_not_seen(stage: Stage) -> None:
    report = stage.run(Pick("red_cube"), lambda _: None)
    assert (report.outcome, report.reason) == ("failed", "red_cube was not seen: perception sends no scene")


def test_an_old_sight_of_the_object_is_not_acted_on(stage: Stage) -> None:
    old = cube(stamp_ns=0)
    report = stage.run(Pick("red_cube"), lambda now: scene(old, stamp_ns=now))
    assert report.reason == "red_cube was not seen; seen: red_cube"


def test_an_object_out_of_reach_is_said_to_be(stage: Stage) -> None:
    report = stage.run(Pick("red_cube"), sees(cube(x=1.4)))
    assert report.outcome == "failed"
    assert report.reason.startswith("red_cube is out of reach")


def test_closing_on_nothing_is_a_missed_grasp(stage: Stage) -> None:
    report = stage.run(Pick("red_cube"), sees(cube()))
    assert (report.outcome, report.phase) == ("failed", "grasp")
    assert report.reason == "the grasp missed red_cube: 3 times the fingers closed on nothing"


def test_an_object_that_vanishes_on_the_way_ends_the_pick(stage: Stage) -> None:
    seen_until = stage.robot.now_ns + 500_000_000
    visible, empty = sees(cube()), sees()
    report = stage.run(Pick("red_cube"), lambda now: visible(now) if now < seen_until else empty(now))
    assert report.reason == "red_cube is no longer where it was seen"


def test_an_object_that_is_moved_on_the_way_is_approached_anew(stage: Stage) -> None:
    stage.grasp(0.04)
    moves_at = stage.robot.now_ns + 500_000_000
    before, after = sees(cube()), sees(cube(x=0.55, y=-0.15))
    report = stage.run(Pick("red_cube"), lambda now: before(now) if now < moves_at else after(now))
    assert report.outcome == "succeeded"
    assert stage.kinematics.forward(stage.robot.reference)[:2, 3] == pytest.approx([0.55, -0.15], abs=8e-3)


def test_while_perception_is_silent_the_approach_stands_still_and_then_goes_on(stage: Stage) -> None:
    stage.grasp(0.04)
    start = stage.robot.now_ns
    look, last = sees(cube()), sees(cube())(start + 500_000_000)
    silent = (start + 500_000_000, start + 2_000_000_000)
    report = stage.run(Pick("red_cube"), lambda now: last if silent[0] <= now < silent[1] else look(now))
    assert report.outcome == "succeeded"
    assert "approach: wait for perception" in stage.lowest_tcp_by_phase


def test_losing_the_object_on_the_way_ends_the_place(stage: Stage) -> None:
    stage.grasp(0.04)
    stage.run(Pick("red_cube"), sees(cube()))
    stage.grasp(0.0)
    report = stage.run(Place("left_bin"), sees())
    assert (report.outcome, report.reason) == ("failed", "red_cube was lost while it was carried")


def test_nothing_can_be_placed_with_an_empty_gripper(stage: Stage) -> None:
    report = stage.run(Place("left_bin"), sees())
    assert report.reason == "nothing is held: the fingers press on nothing"


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        (MoveTo("nowhere"), "the workcell has no pose 'nowhere'; it has home"),
        (Place("blue_bin"), "the workcell has no bin 'blue_bin'; it has left_bin, right_bin"),
    ],
)
def test_unknown_names_are_refused_with_those_that_exist(stage: Stage, goal: Goal, reason: str) -> None:
    assert stage.run(goal, sees()).reason.startswith(reason)


def test_going_home_from_low_down_begins_straight_up(stage: Stage) -> None:
    stage.grasp(0.04)
    stage.run(Pick("red_cube"), sees(cube()))
    low = stage.commands[len(stage.commands) // 2]
    stage.robot.place(np.array(low.position)[0, :8])
    assert stage.kinematics.forward(stage.robot.reference)[2, 3] < 0.15
    stage.lowest_tcp_by_phase.clear()
    assert stage.run(MoveTo("home"), sees()).outcome == "succeeded"
    assert list(stage.lowest_tcp_by_phase) == ["raise", "move"]


def test_going_home_keeps_hold_of_the_object(stage: Stage, description: RobotDescription) -> None:
    stage.grasp(0.04)
    stage.run(Pick("red_cube"), sees(cube()))
    stage.run(MoveTo("home"), sees())
    assert stage.robot.reference[7] == pytest.approx(0.001, abs=1e-3)
    assert stage.robot.reference[:7] == pytest.approx(description.home[:7], abs=1e-3)


def test_objects_in_a_bin_keep_their_distance(description: RobotDescription) -> None:
    target = description.workcell.find_bin("left_bin")
    assert target is not None
    occupied: list[tuple[float, float, float]] = []
    for _ in range(4):
        x, y = spots(target, occupied)[0]
        assert all(np.hypot(x - p[0], y - p[1]) > 0.09 for p in occupied)
        occupied.append((x, y, 0.02))

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from policies.activity import Held
from policies.arm_spheres import ArmSpheres
from policies.local_planner import KEPT_M, LEAST_M, MARGIN_M, LocalPlanner, NoPlan, Plan, keeps_clear
from policies.obstacles import Block, Obstacles
from policies.trajectory import MotionLimits, PathMotion, Reference
from rt_control.arm_shapes import ArmShapes
from rt_control.kinematic_chain import poses_base_from_joints
from rt_control.model_compiler import checked_chain
from rt_control.robot_file import RobotDescription

NOTHING = Obstacles.of(())
POST = Obstacles.of([Block("post", (0.45, 0.0, 0.35), (0.03, 0.03, 0.35))])
CALLS = 6


@pytest.fixture
def planner(description: RobotDescription) -> LocalPlanner:
    return LocalPlanner(description)


def pose(description: RobotDescription, name: str) -> np.ndarray:
    return np.array(description.workcell.poses[name])[list(description.arm_indices)]


def at_rest(position: np.ndarray) -> Reference:
    return Reference(position, np.zeros(len(position)), np.zeros(len(position)))


def from_bin_to_bin(planner: LocalPlanner, description: RobotDescription, seen: Obstacles) -> Plan | NoPlan:
    """As at 10 Hz: where nothing is found the next call goes on."""
    start, goal = at_rest(pose(description, "over_left_bin")), pose(description, "over_right_bin")
    for _ in range(CALLS):
        found = planner.plan(start, goal, seen, 1.0)
        if isinstance(found, Plan) or found.final:
            break
    return found


def gone(description: RobotDescription, start: np.ndarray, plan: Plan) -> np.ndarray:
    limits = MotionLimits.of_robot(description).of(np.array(description.arm_indices))
    motion = PathMotion(at_rest(start), plan.waypoints, limits)
    return motion.positions(np.linspace(0.0, motion.duration_s, 200))


def test_every_point_of_a_capsule_lies_in_a_sphere(description: RobotDescription) -> None:
    chain = checked_chain(description)
    arm, random = ArmSpheres(description, chain), np.random.default_rng(0)
    shapes = ArmShapes.of(description.capsule, description.arm_names)
    position = pose(description, "home")
    lines = shapes.lines_at(poses_base_from_joints(chain, position))
    centres = arm.centres(position)
    for index, capsule in enumerate(shapes.capsules):
        if shapes.links[index] < 0:
            continue
        for _ in range(100):
            along = lines.begin[index] + random.random() * (lines.end[index] - lines.begin[index])
            way = random.normal(size=3)
            point = along + capsule.radius * way / np.linalg.norm(way)
            assert (np.linalg.norm(centres - point, axis=1) <= arm.radii + 1e-9).any(), capsule.name


def test_a_way_that_is_free_is_straight(planner: LocalPlanner, description: RobotDescription) -> None:
    plan = from_bin_to_bin(planner, description, NOTHING)
    assert isinstance(plan, Plan)
    start, goal = pose(description, "over_left_bin"), pose(description, "over_right_bin")
    along = (plan.waypoints[4] - start) @ (goal - start) / float((goal - start) @ (goal - start))
    assert np.allclose(plan.waypoints[4], start + along * (goal - start), atol=1e-6)
    assert np.allclose(plan.waypoints[-1], goal)


def test_what_stands_in_the_way_is_gone_around(planner: LocalPlanner, description: RobotDescription) -> None:
    start, goal = pose(description, "over_left_bin"), pose(description, "over_right_bin")
    assert planner.check(np.linspace(start, goal, 60), POST).least_m < 0.0
    plan = from_bin_to_bin(planner, description, POST)
    assert isinstance(plan, Plan)
    left = planner.check(gone(description, start, plan), POST)
    assert left.least_m > MARGIN_M - 0.005
    assert plan.clearance_m == pytest.approx(left.least_m, abs=0.005)


def test_the_same_calls_give_the_same_way(description: RobotDescription) -> None:
    one, other = (from_bin_to_bin(LocalPlanner(description, seed=3), description, POST) for _ in range(2))
    assert isinstance(one, Plan)
    assert isinstance(other, Plan)
    assert np.array_equal(one.waypoints, other.waypoints)


def test_what_is_held_has_to_get_by_too(planner: LocalPlanner, description: RobotDescription) -> None:
    home = pose(description, "home")
    bare = planner.check(home[None], NOTHING).along
    below = Obstacles.of([Block("shelf", (0.55, 0.0, 0.2), (0.3, 0.3, 0.01))])
    free = planner.check(home[None], below).least_m
    loaded = planner.check(home[None], below, Held("rod", 0.04, 0.3))
    assert loaded.least_m < free
    assert (loaded.part, loaded.what) == ("rod", "shelf")
    assert np.allclose(planner.check(home[None], NOTHING).along, bare)  # and no longer when it is put down


def test_a_goal_in_something_is_explained_at_once(planner: LocalPlanner, description: RobotDescription) -> None:
    there = Obstacles.of([Block("crate", (0.36, -0.36, 0.45), (0.2, 0.2, 0.2))])
    found = from_bin_to_bin(planner, description, there)
    assert isinstance(found, NoPlan)
    assert found.final
    assert "at its goal" in found.reason
    assert "mm inside crate" in found.reason


def test_a_wall_without_a_way_around_is_named(planner: LocalPlanner, description: RobotDescription) -> None:
    wall = Obstacles.of(
        [Block("wall", (0.64, 0.0, 0.9), (0.5, 0.01, 0.9)), Block("wall", (0.0, 0.0, 1.2), (0.7, 0.01, 0.35))]
    )
    found = from_bin_to_bin(planner, description, wall)
    assert isinstance(found, NoPlan)
    assert not found.final
    assert "on every way that was found" in found.reason
    assert "wall" in found.reason


def test_where_the_arm_has_to_stay_is_kept_to(description: RobotDescription) -> None:
    zones = tuple(
        msgspec.structs.replace(zone, upper=(*zone.upper[:2], 0.75)) if zone.kind == "keep_in" else zone
        for zone in description.zone
    )
    planner = LocalPlanner(msgspec.structs.replace(description, zone=zones))
    left = planner.check(pose(description, "home")[None], NOTHING)
    assert left.what == "the edge of the workspace"


def test_a_robot_without_capsules_is_refused(description: RobotDescription) -> None:
    with pytest.raises(ValueError, match="no \\[\\[capsule\\]\\] of a moving link"):
        LocalPlanner(msgspec.structs.replace(description, capsule=()))


@pytest.mark.parametrize(
    ("along", "kept"),
    [
        ([0.1, 0.1, 0.1], True),
        ([0.1, 0.02, 0.1], False),
        ([0.005, 0.01, 0.1, 0.1], True),  # it leaves what it began beside
        ([0.01, 0.001, 0.1], False),  # it comes nearer to it first
        ([0.1, 0.1, 0.012, 0.010], True),  # its goal is beside something
        ([0.1, 0.004, 0.012], False),
        ([0.010, 0.009, 0.010], True),  # all of it is beside something
        ([-0.01, -0.004, 0.1], True),  # as perception sees it, it stands in it; it gets out
        ([0.1, 0.1, -0.01], False),
    ],
)
def test_the_margin_counts_but_where_it_begins_or_ends(along: list[float], kept: bool) -> None:
    assert keeps_clear(np.array(along), MARGIN_M) is kept


def test_a_running_way_may_come_nearer_than_a_chosen_one() -> None:
    assert LEAST_M < KEPT_M < MARGIN_M

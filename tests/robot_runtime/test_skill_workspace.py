from __future__ import annotations

import numpy as np
import pytest

from behaviours.profile import FULL_COMPUTE, GPU_OVERLOADED
from perception.cascade import Wish
from perception.scene import Scene, SceneObject
from policies.skill import Assignment, Goal, MoveTo, Pick, Place
from robot_runtime.directive import Directive
from robot_runtime.skill_workspace import skill_workspace, wish_of
from rt_control.description import load_robot

WORKCELL = load_robot("arm7").workcell
TCP = np.array([0.4, 0.0, 0.4])
CUBE = SceneObject("red_cube", (0.5, 0.1, 0.02), 0.0, (0.04, 0.04, 0.04), 0.9, 1)
SCENE = Scene(1, 1, (CUBE,), None, "cascade")


def of(goal: Goal) -> Assignment:
    return Assignment(skill=1, epoch=1, goal=goal)


def test_a_pick_acts_at_its_object_and_on_the_way_there() -> None:
    where = skill_workspace(of(Pick("red_cube")), SCENE, TCP, WORKCELL)
    assert where is not None
    assert where.holds((0.5, 0.1, 0.02))
    assert where.holds((0.45, 0.05, 0.2))
    assert not where.holds((0.6, -0.3, 0.02))


def test_a_place_acts_at_its_bin() -> None:
    where = skill_workspace(of(Place("left_bin")), SCENE, TCP, WORKCELL)
    assert where is not None
    assert where.holds((0.42, 0.44, 0.03))


@pytest.mark.parametrize("goal", [MoveTo("home"), Pick("green_cube"), Place("no_bin")])
def test_without_a_known_target_there_is_none(goal: Goal) -> None:
    assert skill_workspace(of(goal), SCENE, TCP, WORKCELL) is None


def test_nothing_runs_nothing_is_special() -> None:
    assert skill_workspace(None, SCENE, TCP, WORKCELL) is None
    assert wish_of(None, None, TCP, WORKCELL) == Wish()


def test_a_skill_of_high_value_is_watched() -> None:
    assignment = Assignment(skill=1, epoch=1, goal=MoveTo("home"), high_value=True)
    assert wish_of(Directive(1, 1, FULL_COMPUTE, assignment), SCENE, TCP, WORKCELL).high_value
    assert not wish_of(Directive(1, 1, FULL_COMPUTE, of(MoveTo("home"))), SCENE, TCP, WORKCELL).high_value


def test_the_profile_says_which_levels_run() -> None:
    full = wish_of(Directive(1, 1, FULL_COMPUTE, None), SCENE, TCP, WORKCELL)
    overloaded = wish_of(Directive(1, 1, GPU_OVERLOADED, None), SCENE, TCP, WORKCELL)
    assert (full.levels, full.flow) == ((1, 2, 3), True)
    assert (overloaded.levels, overloaded.flow) == ((1,), False)

"""Where a running skill acts: what perception shall look at closely."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perception.cascade import Wish
from perception.scene import Scene, Vector3
from perception.triggers import Workspace
from policies.skill import Assignment, Pick, Place
from robot_runtime.directive import Directive
from rt_control.robot_file import Workcell

REACH_M = 0.12  # around the target, and around the straight way of the hand to it


def wish_of(
    directive: Directive | None, scene: Scene | None, tcp_base: npt.NDArray[np.float64], workcell: Workcell
) -> Wish:
    """What a directive asks of the cascade; without one, what it does by default."""
    if directive is None:
        return Wish()
    profile = directive.profile
    workspace = skill_workspace(directive.assignment, scene, tcp_base, workcell)
    high_value = directive.assignment is not None and directive.assignment.high_value
    return Wish(profile.perception_levels, profile.optical_flow, workspace, high_value, profile.remote_perception)


def skill_workspace(
    assignment: Assignment | None, scene: Scene | None, tcp_base: npt.NDArray[np.float64], workcell: Workcell
) -> Workspace | None:
    """The target of a skill and the way there; None where no skill runs, or its target is not a place.

    Args:
        assignment: of the directive.
        scene: newest.
        tcp_base: tool centre point, (3,) m.
        workcell: of the robot.
    """
    target = None if assignment is None else _target(assignment, scene, workcell)
    if target is None:
        return None
    begin, end = np.array([target]), np.asarray(tcp_base, dtype=np.float64)[None]
    return Workspace(begin, end, np.array([REACH_M]))


def _target(assignment: Assignment, scene: Scene | None, workcell: Workcell) -> Vector3 | None:
    goal = assignment.goal
    if isinstance(goal, Pick):
        item = None if scene is None else scene.find(goal.object_name)
        return None if item is None else item.position_base
    if isinstance(goal, Place):
        chosen = next((item for item in workcell.bin if item.name == goal.bin_name), None)
        return None if chosen is None else (*chosen.centre, workcell.table_height_m)
    return None

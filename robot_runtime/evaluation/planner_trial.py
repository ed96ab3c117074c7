"""Tries the local planner: there and back on a table full of boxes, one of which appears while the arm is on its way.

The whole runtime runs in virtual time with modelled perception; whether something was touched is what the physics says.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from behaviours.workcell import Workcell
from policies.local_planner import MARGIN_M, LocalPlanner
from policies.obstacles import Obstacles
from robot_runtime.lockstep import Lockstep, LockstepOptions
from rt_control import _native as native
from rt_control.description import RobotDescription
from rt_control.model_compiler import compile_model
from sim.crowded_table import Crowd, crowd
from trees.mission import parse_mission

LIMIT_S = 40.0
APPEARS_AT = 0.15  # of the way there
FARTHEST_M = 0.35  # there is at least so far from home
LOWER, UPPER = (0.25, -0.55, 0.12), (0.70, 0.55, 0.55)  # of the TCP there
MISSION = """<root BTCPP_format="4" main_tree_to_execute="Go">
  <BehaviorTree ID="Go"><Sequence><MoveTo pose="there"/><MoveTo pose="home"/></Sequence></BehaviorTree>
</root>"""

Array = npt.NDArray[np.float64]


class PlannerEpisode(msgspec.Struct, frozen=True):
    """What came of one scene.

    Attributes:
        seed: of the scene.
        arrived: it went there and back.
        touched: names of what the robot touched; empty is what has to be.
        appeared: a box appeared in its way.
        duration_s: until the end.
        reason: why it did not arrive; empty otherwise.
    """

    seed: int
    arrived: bool
    touched: tuple[str, ...]
    appeared: bool
    duration_s: float
    reason: str


def try_scene(description: RobotDescription, seed: int) -> PlannerEpisode:
    """One scene.

    Args:
        description: of the simulated robot, with capsules.
        seed: of everything that is drawn.
    """
    random = np.random.default_rng((seed, 9))
    there = _free_pose(description, random)
    with tempfile.TemporaryDirectory(prefix="dynamical-crowd-") as folder:
        crowded = crowd(description, {"home": description.home, "there": tuple(there.tolist())}, seed, Path(folder))
        mission = parse_mission(MISSION, "go", Workcell.of(crowded).known_names)
        lockstep = Lockstep(crowded, mission, LockstepOptions(seed, oracle=True))
        boxes = Crowd(lockstep.plant, seed)
        lockstep.oracle = boxes
        goal = lockstep.kinematics.forward(there)[:3, 3]
        begun = lockstep.kinematics.forward(np.array(description.home))[:3, 3]
        appeared = tried = False
        while lockstep.agent.outcome is None and lockstep.time_s < LIMIT_S:
            lockstep.step()
            boxes.watch()
            state = lockstep.state
            if not tried and state is not None and round(lockstep.time_s * 1000) % 20 == 0:
                hand = lockstep.kinematics.forward(np.array(state.position))[:3, 3]
                if np.linalg.norm(hand - begun) > APPEARS_AT * np.linalg.norm(goal - begun):
                    tried, appeared = True, boxes.appear(hand, goal)
        outcome, duration_s = lockstep.agent.outcome, lockstep.time_s
        lockstep.close()
    arrived = outcome is not None and outcome.kind == "SUCCESS"
    reason = "it did not end" if outcome is None else outcome.reason
    return PlannerEpisode(seed, arrived, tuple(sorted(boxes.touched)), appeared, duration_s, "" if arrived else reason)


def _free_pose(description: RobotDescription, random: np.random.Generator) -> Array:
    """Somewhere on the table, with the arm clear of itself and of the workcell, (axes,)."""
    kinematics = native.Kinematics(compile_model(description))
    planner = LocalPlanner(description)
    home = np.array(description.home)
    arm = list(description.arm_indices)
    lower = np.array([description.axis[index].lower for index in arm])
    upper = np.array([description.axis[index].upper for index in arm])
    begun = kinematics.forward(home)[:3, 3]
    while True:
        pose = home.copy()
        pose[arm] = np.clip(home[arm] + random.normal(0.0, 0.7, len(arm)), lower + 0.05, upper - 0.05)
        tcp = kinematics.forward(pose)[:3, 3]
        if not ((tcp > LOWER).all() and (tcp < UPPER).all() and np.linalg.norm(tcp - begun) > FARTHEST_M):
            continue
        if planner.check(pose[None, arm], Obstacles.of(())).least_m > MARGIN_M:
            return pose

"""Tries a policy on the disturbed task: to grasp well an object that is displaced while the hand is on its way.

The whole runtime runs in virtual time with the oracle perception; what thinks of motion is the policy alone. The expert
that it learned from, and inverse kinematics, cannot even be imported where it is tried (`forbid_expert`).
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import math
import sys
from collections.abc import Sequence
from types import ModuleType

import msgspec
import numpy as np

from behaviours.workcell import Workcell
from models.roles import ActionPolicy
from policies.observation import PolicyTarget
from policies.seam import Seam
from robot_runtime.lockstep import Lockstep, LockstepOptions
from rt_control.description import RobotDescription
from sim.displacement import displace
from trees.mission import parse_mission

DISPLACED_M = 0.04
DISPLACED_AT = 0.5  # of the way, seen from above
TOLERANCE_M = 0.008  # between hand and object, seen from above, when the fingers begin to close
LIFTED_M = 0.08
LIMIT_S = 12.0
CLOSING_M = 0.002
MISSION = """<root BTCPP_format="4" main_tree_to_execute="Pick">
  <BehaviorTree ID="Pick"><Pick object="{name}"/></BehaviorTree>
</root>"""
FORBIDDEN = ("policies.inverse_kinematics", "policies.scripted_expert", "policies.workspace")


class PolicyEpisode(msgspec.Struct, frozen=True):
    """What came of one try.

    Attributes:
        seed: of the table, the displacement and the oracle's errors.
        succeeded: the object was lifted, and had been grasped within the tolerance.
        lifted: the object was lifted.
        displaced: there was room to displace it.
        off_m: hand from object, seen from above, when the fingers began to close the last time; None if never.
        duration_s: until the end.
        ticks, stalls: of the executor after its first chunk, and those with nothing to do next.
        interventions: cycles in which `rt_control` scaled or overrode the motion.
        jerk: largest of any axis, in shares of its limit, of what the drives were told.
        smoothness: mean over time and axes of the square of the jerk in shares of the limit.
        reason: why it failed; empty otherwise.
    """

    seed: int
    succeeded: bool
    lifted: bool
    displaced: bool
    off_m: float | None
    duration_s: float
    ticks: int
    stalls: int
    interventions: int
    jerk: float
    smoothness: float
    reason: str


class _NoExpert(importlib.abc.MetaPathFinder):
    """Refuses to import what would know the answer."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in FORBIDDEN:
            raise ImportError(f"{fullname} may not be imported where a policy is measured")
        return None


class NoWays:
    """Finds no way: whatever moves is the policy's doing."""

    def out_of_reach(self, target: PolicyTarget, start: np.ndarray) -> str:
        return ""

    def raised(self, start: np.ndarray) -> tuple[np.ndarray, ...]:
        return ()


def forbid_expert() -> None:
    """From now on this process cannot import the expert or inverse kinematics.

    Raises:
        RuntimeError: it has already.
    """
    if known := [name for name in FORBIDDEN if name in sys.modules]:
        raise RuntimeError(f"{known[0]} is imported already; measure policies in a process of their own")
    sys.meta_path.insert(0, _NoExpert())


def try_once(
    description: RobotDescription, policy: ActionPolicy, seam: Seam | None, delay_s: float, seed: int
) -> PolicyEpisode:
    """One episode.

    Args:
        description: of the simulated robot.
        policy: that is tried.
        seam: how its chunks are joined; None: as is best for it.
        delay_s: from question to answer.
        seed: of everything that is drawn.
    """
    random = np.random.default_rng((seed, 7))
    assert description.simulation is not None, "only a simulated robot is tried"
    name = str(random.choice(sorted(description.simulation.goal)))
    mission = parse_mission(MISSION.format(name=name), "pick", Workcell.of(description).known_names)
    options = LockstepOptions(seed, oracle=True, policy=policy, seam=seam, policy_delay_s=delay_s, ways=NoWays())
    lockstep = Lockstep(description, mission, options)
    body = lockstep.plant.data.body(name)
    begun_z = float(body.xpos[2])
    finger = description.gripper_index
    assert finger is not None, "the task is to grasp"
    axes = len(description.axis)
    limits, period_s = np.array([axis.jerk for axis in description.axis]), description.timing.period_s
    way_m: float | None = None
    displaced, closing, off_m = False, False, None
    largest, squares, cycles = 0.0, 0.0, 0
    velocity, acceleration = np.zeros(axes), np.zeros(axes)
    while lockstep.agent.outcome is None and lockstep.time_s < LIMIT_S:
        lockstep.step()
        state = lockstep.state
        assert state is not None, "set by the first step"
        told_velocity = np.array(state.velocity_reference[:axes])
        told_acceleration = (told_velocity - velocity) / period_s
        share = np.abs(told_acceleration - acceleration) / (period_s * limits)
        velocity, acceleration = told_velocity, told_acceleration
        largest, squares, cycles = max(largest, float(share.max())), squares + float((share**2).mean()), cycles + 1
        if cycles % 10:
            continue
        hand = lockstep.kinematics.forward(np.array(state.position[:axes]))[:3, 3]
        off = math.dist(hand[:2], body.xpos[:2])
        way_m = off if way_m is None else way_m
        if not displaced and off < DISPLACED_AT * way_m:
            displaced = displace(lockstep.plant, name, random, DISPLACED_M)
        told = float(state.velocity_reference[finger])
        if told < -CLOSING_M and not closing and hand[2] < begun_z + 0.05:
            off_m = off
        closing = told < -CLOSING_M
    lifted = float(body.xpos[2]) > begun_z + LIFTED_M
    outcome = lockstep.agent.outcome
    counts = lockstep.policy.counts
    reason = "" if outcome is None else outcome.reason
    within = off_m is not None and off_m <= TOLERANCE_M
    lockstep.close()
    return PolicyEpisode(
        seed=seed,
        succeeded=lifted and within,
        lifted=lifted,
        displaced=displaced,
        off_m=off_m,
        duration_s=lockstep.time_s,
        ticks=counts.ticks,
        stalls=counts.stalls,
        interventions=0 if lockstep.state is None else lockstep.state.interventions,
        jerk=largest,
        smoothness=squares / max(cycles, 1),
        reason=reason or ("" if lifted else "not lifted") or ("" if within else "not grasped within the tolerance"),
    )

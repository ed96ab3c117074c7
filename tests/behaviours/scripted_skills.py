"""A skill port whose answers a test gives, and the context that leaves are built with."""

from __future__ import annotations

from typing import Any

import msgspec

from behaviours import keys
from behaviours.blackboard import Blackboard, Writer
from behaviours.health import OK, Health
from behaviours.mission_leaf import LeafContext
from behaviours.operator import OperatorState
from behaviours.profile import FULL_COMPUTE, Profile
from behaviours.robot import RobotState
from behaviours.sense import Reading, Sense
from behaviours.skill_port import SkillProgress
from behaviours.workcell import Bin, Hand, Workcell
from perception.scene import Scene, SceneObject, Vector3
from policies.skill import Goal

BINS = {"left_bin": Bin((0.4, 0.4, 0.0), (0.2, 0.2, 0.1))}
WORKCELL = Workcell(BINS, ("home",), Hand(axis=0, closed=0.0, opening_per_axis=2.0))
OPEN, GRIPPING, CLOSED = 0.04, 0.02, 0.0


class ScriptedSkills:
    """Implements `SkillPort`."""

    def __init__(self) -> None:
        self.started: list[tuple[Goal, float, float, bool]] = []
        self.cancelled: list[int] = []
        self.answer = SkillProgress("running", "moves")

    def start(self, goal: Goal, *, timeout_s: float, speed_scale: float, high_value: bool) -> int:
        self.started.append((goal, timeout_s, speed_scale, high_value))
        return len(self.started)

    def progress(self, ticket: int) -> SkillProgress:
        return self.answer

    def cancel(self, ticket: int) -> bool:
        self.cancelled.append(ticket)
        return self.answer.outcome == "succeeded"


class LeafBench:
    """A blackboard, filled through the real `Sense`, and skills in the test's hand."""

    def __init__(self) -> None:
        self.board: Blackboard = keys.root_blackboard()
        self.skills = ScriptedSkills()
        self.context = LeafContext.of(self.board, self.skills, WORKCELL)
        self.profile: Writer[Profile] = self.board.writer(keys.PROFILE, "test")
        self.profile.set(FULL_COMPUTE)
        self._reading = Reading(0, None, None, Health(0, OK, OK, OK, OK, OK, OK, OK), OperatorState())
        self._sense = Sense(self.board, lambda: self._reading)
        self._held = self.board.reader(keys.HELD, "test")
        self.gripper(OPEN)

    @property
    def held(self) -> str:
        return self._held.get()

    def now(self, now_s: float) -> None:
        self._sensed(now_ns=int(now_s * 1e9))

    def gripper(self, opening: float) -> None:
        from tests.robot_runtime.fake_robot import FakeRobot

        told = OPEN if opening == OPEN else CLOSED
        state: RobotState = msgspec.structs.replace(FakeRobot().state, position=(opening,), position_reference=(told,))
        self._sensed(robot=state)

    def tcp(self, position_base: Vector3) -> None:
        from tests.robot_runtime.fake_robot import FakeRobot

        self._sensed(robot=msgspec.structs.replace(FakeRobot().state, tcp_position_base=position_base))

    def sees(self, name: str, position: Vector3, at_s: float, confidence: float = 0.9) -> None:
        seen = SceneObject(name, position, 0.0, (0.04, 0.04, 0.04), confidence, int(at_s * 1e9))
        self._sensed(scene=Scene(1, seen.measured_ns, (seen,), None, "oracle"))

    def _sensed(self, **changes: Any) -> None:
        self._reading = msgspec.structs.replace(self._reading, **changes)
        self._sense.tick_once()

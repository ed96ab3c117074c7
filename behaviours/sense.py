"""The leaf through which everything measured enters the blackboard."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from py_trees.common import Status

from behaviours import keys
from behaviours.blackboard import Blackboard
from behaviours.health import Health
from behaviours.leaf import Leaf
from behaviours.operator import OperatorState
from behaviours.robot import RobotState
from perception.ledger import LedgerSummary
from perception.scene import Scene


class Reading(msgspec.Struct, frozen=True):
    """What was read from the outside for one tick.

    Attributes:
        now_ns: time of the tick.
        robot: newest state of tier 1; None before the first.
        scene: newest scene; None before the first.
        health: what works.
        operator: what the operator wants.
        ledger: what perception's looks cost, and why they were taken; None before the first, or without a cascade.
    """

    now_ns: int
    robot: RobotState | None
    scene: Scene | None
    health: Health
    operator: OperatorState
    ledger: LedgerSummary | None = None


class Sense(Leaf):
    """Puts one reading on the blackboard; always SUCCESS."""

    def __init__(self, board: Blackboard, read: Callable[[], Reading]) -> None:
        super().__init__("Sense")
        self._read = read
        self._now = board.writer(keys.NOW, self.name)
        self._robot = board.writer(keys.ROBOT_STATE, self.name)
        self._scene = board.writer(keys.SCENE, self.name)
        self._health = board.writer(keys.HEALTH, self.name)
        self._operator = board.writer(keys.OPERATOR, self.name)
        self._ledger = board.writer(keys.LEDGER, self.name)

    def step(self) -> Status:
        reading = self._read()
        self._now.set(reading.now_ns)
        self._robot.set(reading.robot)
        self._scene.set(reading.scene)
        self._health.set(reading.health)
        self._operator.set(reading.operator)
        self._ledger.set(reading.ledger)
        return Status.SUCCESS

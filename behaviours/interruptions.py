"""The branches that come before all work: a latched stop, a takeover, a pause. While one runs, nothing else does."""

from __future__ import annotations

from py_trees.common import Status

from behaviours import keys
from behaviours.blackboard import Blackboard
from behaviours.leaf import Leaf


class SafetyStop(Leaf):
    """RUNNING while tier 1 has a latched stop or is not there; says why. An operator's reset ends a latched stop."""

    def __init__(self, board: Blackboard) -> None:
        super().__init__("SafetyStop")
        self._robot = board.reader(keys.ROBOT_STATE, self.name)
        self._health = board.reader(keys.HEALTH, self.name)

    def step(self) -> Status:
        robot, tier1 = self._robot.get(), self._health.get().tier1
        if robot is None or not tier1.ok:
            self.feedback_message = tier1.reason or "no state of tier 1 yet"
            return Status.RUNNING
        if robot.latched:
            self.feedback_message = f"{robot.first_cause.sentence()}; waits for the operator's reset"
            return Status.RUNNING
        self.feedback_message = ""
        return Status.FAILURE


class HumanTakeover(Leaf):
    """RUNNING while an operator holds the robot."""

    def __init__(self, board: Blackboard) -> None:
        super().__init__("HumanTakeover")
        self._operator = board.reader(keys.OPERATOR, self.name)

    def step(self) -> Status:
        holder = self._operator.get().holder
        self.feedback_message = f"held by {holder}; waits for the release" if holder else ""
        return Status.RUNNING if holder else Status.FAILURE


class Paused(Leaf):
    """RUNNING while the operator pauses the robot, or a stop did so."""

    def __init__(self, board: Blackboard) -> None:
        super().__init__("Paused")
        self._operator = board.reader(keys.OPERATOR, self.name)

    def step(self) -> Status:
        operator = self._operator.get()
        self.feedback_message = f"{operator.pause_reason}; waits for resume" if operator.paused else ""
        return Status.RUNNING if operator.paused else Status.FAILURE

"""The base of every leaf that a mission may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from behaviours import keys
from behaviours.blackboard import Blackboard, Writer
from behaviours.leaf import Leaf
from behaviours.ports import Binding, WithPorts
from behaviours.skill_port import SkillPort
from behaviours.workcell import Workcell


@dataclass(frozen=True)
class LeafContext:
    """What every mission leaf is given.

    Attributes:
        board: of the tree.
        skills: how skills are started and watched.
        workcell: the fixed things around the robot.
        held: the right to say what the hand holds; shared by the skill leaves, of which one runs at a time.
    """

    board: Blackboard
    skills: SkillPort
    workcell: Workcell
    held: Writer[str]

    @classmethod
    def of(cls, board: Blackboard, skills: SkillPort, workcell: Workcell) -> LeafContext:
        """The context of one tree; claims the right to write what the hand holds."""
        return cls(board, skills, workcell, board.writer(keys.HELD, "skill leaves"))


class MissionLeaf(Leaf, WithPorts):
    """A leaf with ports; its class name is its tag in mission files."""

    def __init__(self, name: str, context: LeafContext, bindings: Mapping[str, Binding]) -> None:
        super().__init__(name)
        self.bind_ports(bindings)
        self.context = context
        self._robot_state = context.board.reader(keys.ROBOT_STATE, name)
        self._in_hand = context.board.reader(keys.HELD, name)

    @property
    def held(self) -> str:
        """Object that the last skill left in the hand, as believed; empty = none."""
        return self._in_hand.get()

    @property
    def grips(self) -> bool:
        """Whether the hand is stopped by something now, as measured."""
        robot = self._robot_state.get()
        return robot is not None and self.context.workcell.grips(robot.position, robot.position_reference)

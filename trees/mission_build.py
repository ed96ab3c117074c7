"""From a checked plan to the nodes that are ticked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from py_trees.behaviour import Behaviour

from behaviours.blackboard import Key, Writer
from behaviours.mission_leaf import LeafContext
from behaviours.ports import Binding, Constant
from trees.control import Control, Fallback, RetryUntilSuccessful, Sequence_, SubTree
from trees.mission import MissionPlan, PlannedNode, Variable
from trees.palette import PALETTE, Palette
from trees.progress import Progress

DATA_NAMESPACE = "/mission/data"


@dataclass(frozen=True)
class Mission:
    """A mission ready to run, once.

    Attributes:
        name: ID of its main tree.
        root: first node.
        progress: where it stands.
    """

    name: str
    root: Behaviour
    progress: Progress


def build_mission(plan: MissionPlan, context: LeafContext, palette: Palette = PALETTE) -> Mission:
    """Make the nodes of a plan; the variables of the mission before it are removed from the blackboard."""
    context.board.remove(DATA_NAMESPACE)
    return _Builder(plan, context, palette).build()


class _Builder:
    def __init__(self, plan: MissionPlan, context: LeafContext, palette: Palette) -> None:
        self._plan = plan
        self._context = context
        self._palette = palette
        self._progress = Progress()
        self._keys: dict[str, Key[Any]] = {}
        self._writers: dict[str, Writer[Any]] = {}
        for name, variable in plan.variables.items():
            key: Key[Any] = Key(name, None, f"{variable.shown} of {variable.tree}")
            context.board.declare(key)
            self._keys[name] = key
            self._writers[name] = context.board.writer(key, f"mission {plan.name}")

    def build(self) -> Mission:
        return Mission(self._plan.name, self._node(self._plan.root), self._progress)

    def _node(self, planned: PlannedNode) -> Behaviour:
        if planned.tag in self._palette:
            bindings: dict[str, Binding] = {port: self._input(value) for port, value in planned.inputs.items()}
            bindings.update({port: self._writers[variable.name] for port, variable in planned.outputs.items()})
            return self._palette[planned.tag](planned.name, self._context, bindings)
        return self._control(planned, [self._node(child) for child in planned.children])

    def _control(self, planned: PlannedNode, children: list[Behaviour]) -> Control:
        name, path = planned.name, planned.path
        match planned.tag:
            case "Sequence":
                return Sequence_(name, path, self._progress, children)
            case "Fallback":
                return Fallback(name, path, self._progress, children)
            case "SubTree":
                return SubTree(name, path, self._progress, children)
            case "RetryUntilSuccessful":
                return RetryUntilSuccessful(name, path, self._progress, children[0], planned.num_attempts)
        raise ValueError(f"tag {planned.tag} passed the check but cannot be built")

    def _input(self, value: object) -> Binding:
        if isinstance(value, Variable):
            return self._context.board.reader(self._keys[value.name], f"mission {self._plan.name}")
        return Constant(value)

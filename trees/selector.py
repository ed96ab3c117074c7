"""The selector of the root tree."""

from __future__ import annotations

from collections.abc import Sequence

import py_trees.composites
from py_trees.behaviour import Behaviour


class Selector(py_trees.composites.Selector):
    """Ticks its children from the first until one does not fail; the ones after it are always shown as not begun.

    (py_trees' own leaves a stale SUCCESS on later children when a new round is decided by the first child.)
    """

    def __init__(self, name: str, children: Sequence[Behaviour]) -> None:
        super().__init__(name, memory=False, children=list(children))

    def initialise(self) -> None:
        self.current_child = None

"""The skill that moves the arm to a named pose, as planned: no policy is asked."""

from __future__ import annotations

import numpy as np

from policies.activity import Done, Step, View
from policies.cell import Cell
from policies.follower import MotionGoal
from policies.phases import Phases
from policies.ways import Ways


class MoveToPose(Phases):
    """To a named pose of the workcell, by way of the travel height."""

    def __init__(self, cell: Cell, ways: Ways, pose: str) -> None:
        super().__init__(cell, ways, self._start)
        self._pose = pose

    def _start(self, view: View) -> Step | Done:
        poses = self.cell.description.workcell.poses
        if self._pose not in poses:
            return self.fail(view, f"the workcell has no pose {self._pose!r}; it has {', '.join(sorted(poses))}")
        return self.enter_raised(view, self._go)

    def _go(self, view: View) -> Step | Done:
        target = np.array(self.cell.description.workcell.poses[self._pose])
        index = self.cell.gripper_index
        gripper = None
        if index is not None and view.held is None and not self.presses(view):
            gripper = self.cell.inside(float(target[index]))
        return self.enter(view, "move", self._moving, MotionGoal((target,), gripper))

    def _moving(self, view: View) -> Step | Done:
        return Done(self.name, "", view.held) if self.arrived(view) else self.move(view)

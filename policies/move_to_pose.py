"""The skill that moves the arm to a named pose, around what stands in between: no policy is asked."""

from __future__ import annotations

import numpy as np

from policies.activity import Done, Step, View
from policies.cell import Cell
from policies.follower import MotionGoal
from policies.phases import FRESH_NS, Phases
from policies.ways import Ways


class MoveToPose(Phases):
    """To a named pose of the workcell, by way of the travel height."""

    def __init__(self, cell: Cell, ways: Ways, pose: str, *, around: bool) -> None:
        """Begin.

        Args:
            cell: the robot.
            ways: up to the travel height.
            pose: name of it.
            around: whether the local planner finds the way, which needs a scene; else it is straight.
        """
        super().__init__(cell, ways, self._start)
        self._pose = pose
        self._around = around

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
        return self.enter(view, "move", self._moving, MotionGoal((target,), gripper, around=self._around))

    def _moving(self, view: View) -> Step | Done:
        if self.arrived(view):
            return Done(self.name, "", view.held)
        if not self._around:
            return self.move(view)
        if view.blocked:
            return self.fail(view, f"there is no way to {self._pose}: {view.blocked}")
        if view.scene is None or view.stamp_ns - view.scene.stamp_ns > FRESH_NS:
            return Step(f"{self.name}: wait for perception", self.standstill, view.stamp_ns, view.held)
        return Step(self.name, self.goal, min(view.scene.stamp_ns, view.stamp_ns), view.held)

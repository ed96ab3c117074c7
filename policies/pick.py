"""The skill that grasps an object and lifts it: looks until it lies still, then lets the policy do it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from perception.scene import SceneObject
from policies.activity import Done, Held, Step, View
from policies.cell import Cell
from policies.follower import MotionGoal
from policies.grasp import EMPTY_M
from policies.observation import PolicyTarget
from policies.phases import FRESH_NS, Phases
from policies.target_filter import TargetFilter
from policies.targets import NoTarget, pick_target
from policies.ways import Ways

SETTLE_NS = 100_000_000  # an object that lay still for this long is at rest
SETTLE_M = 0.004
WAIT_HERE_NS = 700_000_000  # before the arm clears the camera's view
WAIT_CLEAR_NS = 4_000_000_000  # with the view cleared, before the object counts as not seen
GRIP_SHARE = 0.4  # of the object's width: fingers that closed further hold nothing, or an edge
TRIES = 3  # of the policy to grasp, before the skill fails
CLOSING_M = 0.004  # narrower than the policy was told to open: the fingers close


class PickObject(Phases):
    """Grasps an object where perception sees it and lifts it."""

    def __init__(self, cell: Cell, ways: Ways, name: str) -> None:
        super().__init__(cell, ways, self._start)
        self._object_name = name
        self._candidate: SceneObject | None = None
        self._filter: TargetFilter | None = None
        self._target: PolicyTarget | None = None
        self._misses = 0
        self._missed = False

    def _start(self, view: View) -> Step | Done:
        if self.cell.gripper is None:
            return self.fail(view, "the robot has no gripper; a [gripper] in its robot file says which axis it is")
        return self.enter(view, "look", self._looking_here, MotionGoal())

    def _looking_here(self, view: View) -> Step | Done:
        if self._settled(view):
            return self._begin(view)
        if self.elapsed_ns(view) > WAIT_HERE_NS:
            return self.enter_raised(view, self._clear)
        return self.move(view)

    def _clear(self, view: View) -> Step | Done:
        home = np.array(self.cell.description.home)
        return self.enter(view, "clear the view", self._clearing, MotionGoal((home,)))

    def _clearing(self, view: View) -> Step | Done:
        if self._settled(view):
            return self._begin(view)
        return self.enter(view, "look", self._looking_clear, self.goal) if self.arrived(view) else self.move(view)

    def _looking_clear(self, view: View) -> Step | Done:
        if self._settled(view):
            return self._begin(view)
        if self.elapsed_ns(view) <= WAIT_CLEAR_NS:
            return self.move(view)
        if view.scene is None or view.stamp_ns - view.scene.stamp_ns > FRESH_NS:
            return self.fail(view, f"{self._object_name} was not seen: perception sends no scene")
        seen = ", ".join(item.name for item in view.scene.objects) or "nothing"
        return self.fail(view, f"{self._object_name} was not seen; seen: {seen}")

    def _settled(self, view: View) -> bool:
        """Whether the object is seen now and lies still."""
        item = view.object(self._object_name)
        if item is None or view.stamp_ns - item.measured_ns > FRESH_NS:
            self._candidate = None
            return False
        if self._candidate is None or math.dist(item.position_base, self._candidate.position_base) > SETTLE_M:
            self._candidate = item
            return False
        return item.measured_ns - self._candidate.measured_ns >= SETTLE_NS

    def _begin(self, view: View) -> Step | Done:
        assert self._candidate is not None, "it lies still"
        self._filter = TargetFilter(self._candidate)
        target = self._aim(view)
        if isinstance(target, NoTarget):
            return self.fail(view, target.reason)
        if reason := self.ways.out_of_reach(target, view.reference.position):
            return self.fail(view, f"{self._object_name} is out of reach: {reason}")
        return self.enter(view, "approach", self._picking, MotionGoal())

    def _picking(self, view: View) -> Step | Done:
        target = self._aim(view)
        if isinstance(target, NoTarget):
            return self.fail(view, target.reason)
        grips = self.grips(view)
        self.name = self._word(view, target, grips)
        if self._missed_again(view):
            return self.fail(
                view, f"the grasp missed {self._object_name}: {self._misses} times the fingers closed on nothing"
            )
        if grips:
            if self.raised(view):
                return self._lifted(view)
            return self.act(view, target, view.stamp_ns)  # the way up rests on the robot's own state alone
        if view.scene is None or view.stamp_ns - view.scene.stamp_ns > FRESH_NS:
            return Step(f"{self.name}: wait for perception", self.standstill, view.stamp_ns, view.held)
        if view.object(self._object_name) is None:
            return self.fail(view, f"{self._object_name} is no longer where it was seen")
        return self.act(view, target, min(view.scene.stamp_ns, view.stamp_ns))

    def _aim(self, view: View) -> PolicyTarget | NoTarget:
        """The target now; as it was while nothing new is known."""
        assert self._filter is not None, "set when the policy begins"
        item = view.object(self._object_name)
        if self._target is not None and (item is None or view.scene is None or self.grips(view)):
            return self._target
        assert view.scene is not None, "the object was seen in one"
        x, y, _ = self.cell.tcp(view.reference.position)[:3, 3].tolist()
        shown = self._filter.item if item is None else self._filter.see(item, (x, y))
        target = pick_target(self.cell, shown, view.scene, self._target)
        if isinstance(target, PolicyTarget):
            self._target = target
        return target

    def _missed_again(self, view: View) -> bool:
        """Whether the fingers closed on nothing once too often."""
        empty = self.name == "grasp" and self.cell.opening_m(view.position) < EMPTY_M
        self._misses += empty and not self._missed
        self._missed = empty
        return self._misses >= TRIES

    def _word(self, view: View, target: PolicyTarget, grips: bool) -> str:
        """What the policy is doing, for people."""
        index = self.cell.gripper_index
        if grips:
            return "lift"
        if index is not None and view.reference.position[index] < target.opening - CLOSING_M:
            return "grasp" if self.name in ("descend", "grasp") else self.name
        return "approach" if self.raised(view) else "descend"

    def _lifted(self, view: View) -> Step | Done:
        assert self._filter is not None and self._target is not None, "set when the policy begins"
        opening, width = self.cell.opening_m(view.position), min(self._filter.item.size_m[:2])
        if opening < GRIP_SHARE * width:
            return Done(
                self.name,
                f"the grasp missed {self._object_name}: the fingers closed to {1000.0 * opening:.0f} mm"
                f" and it is {1000.0 * width:.0f} mm wide",
                None,
            )
        below = self._target.position_base[2] - self._filter.item.position_base[2] + self._filter.item.size_m[2] / 2.0
        return self.come_to_rest(replace(view, held=Held(self._object_name, opening, below)))

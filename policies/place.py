"""The skill that puts what is held into a bin, where the bin is free: the policy does it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from perception.scene import Vector3
from policies.activity import Done, Held, Step, View
from policies.cell import Cell
from policies.follower import MotionGoal
from policies.grasp import EMPTY_M
from policies.observation import PolicyTarget
from policies.phases import Phases
from policies.targets import place_target
from policies.ways import Ways
from rt_control.robot_file import Bin

Array = npt.NDArray[np.float64]

SPOT_SHARE = 0.21  # of the bin's size: offset of the four spots from its centre
DEFAULT_BELOW_TCP_M = 0.03  # of an object that this process did not grasp itself
NEAR_M = 0.02  # of the place where it is let go
STANDS_M, STANDS_NS = (
    0.004,
    700_000_000,
)  # a policy that moves the hand no farther for so long will not let go by itself
RELEASED_M = 0.007  # narrower than the policy was told to open: open


class PlaceInBin(Phases):
    """Puts what is held into a bin, where the bin is free."""

    def __init__(self, cell: Cell, ways: Ways, bin_name: str) -> None:
        super().__init__(cell, ways, self._start)
        self._bin_name = bin_name
        self._target: PolicyTarget | None = None
        self._stood_at: Array | None = None
        self._stands_since_ns = 0

    def _start(self, view: View) -> Step | Done:
        target = self.cell.description.workcell.find_bin(self._bin_name)
        if target is None:
            names = ", ".join(item.name for item in self.cell.description.workcell.bin) or "none"
            return self.fail(view, f"the workcell has no bin {self._bin_name!r}; it has {names}")
        opening = self.cell.opening_m(view.position)
        if opening < EMPTY_M:
            return Done(self.name, "nothing is held: the gripper is closed", None)
        held = view.held
        if held is None:
            if not self.presses(view):
                return Done(self.name, "nothing is held: the fingers press on nothing", None)
            held = Held("object", opening, DEFAULT_BELOW_TCP_M)
        others = [] if view.scene is None else [item for item in view.scene.objects if item.name != held.name]
        reason = ""
        for spot in spots(target, [item.position_base for item in others]):
            aimed = place_target(self.cell, target, spot, held.below_tcp_m, held.width_m, view.stamp_ns)
            reason = self.ways.out_of_reach(aimed, view.reference.position)
            if not reason:
                self._target = aimed
                return self.enter(replace(view, held=held), "carry", self._placing, MotionGoal())
        return self.fail(view, f"{self._bin_name} is out of reach: {reason}")

    def _placing(self, view: View) -> Step | Done:
        assert self._target is not None, "set at the start"
        target = replace(self._target, measured_ns=view.stamp_ns)
        grips = self.grips(view)
        hand = self.cell.tcp(view.reference.position)[:3, 3]
        over = math.dist(hand[:2].tolist(), target.position_base[:2]) < NEAR_M
        low = float(hand[2]) < target.position_base[2] + NEAR_M
        index = self.cell.gripper_index
        opening = index is not None and view.position[index] > target.opening - RELEASED_M
        if grips:
            self.name = "carry" if not over else "lower"
            if over and low and self._stands(view, hand):
                return self.enter(view, "release", self._letting_go, MotionGoal((), target.opening))
        elif view.held is not None:
            if not (over and low):
                return Done(self.name, f"{view.held.name} was lost while it was carried", None)
            view = replace(view, held=None)
            self.name = "release"
        elif opening:
            self.name = "retreat" if not low else "release"
            if self.raised(view):
                return self.come_to_rest(view)
        return self.act(view, target, view.stamp_ns)

    def _stands(self, view: View, hand: Array) -> bool:
        """Whether the hand has been where it is for a while in which the robot could move."""
        if self._stood_at is None or float(np.linalg.norm(hand - self._stood_at)) > STANDS_M:
            self._stood_at, self._stands_since_ns = hand, view.moved_ns
        return view.moved_ns - self._stands_since_ns > STANDS_NS

    def _letting_go(self, view: View) -> Step | Done:
        """Open the fingers, as planned, where the policy stands at its target and does not; then it goes on."""
        if self.grips(view):
            return self.move(view)
        return self.enter(view, "release", self._placing, MotionGoal())


def spots(target: Bin, occupied: Sequence[Vector3]) -> list[tuple[float, float]]:
    """Four points inside a bin (base frame, m), the one farthest from what already lies there first."""
    (x, y), (length, width, _) = target.centre, target.size
    dx, dy = SPOT_SHARE * length, SPOT_SHARE * width
    inside = [point for point in occupied if abs(point[0] - x) < length / 2.0 and abs(point[1] - y) < width / 2.0]
    points = [(x + along * dx, y + across * dy) for along in (-1.0, 1.0) for across in (1.0, -1.0)]
    return sorted(points, key=lambda spot: -min((math.dist(spot, point[:2]) for point in inside), default=0.0))
